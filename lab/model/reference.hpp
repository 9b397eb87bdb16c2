#pragma once

#include <string>

namespace lblab::model {

/// The reference of all keys for people, in Markdown, made from the table of keys: what docs/topology.md has
/// between its two
/// `<!-- keys -->` marks.
std::string key_reference();

}  // namespace lblab::model
