#pragma once

#include <string>

namespace lblab::model {

/// The JSON Schema (draft-07, which editors know) of a topology file, made from the table of keys; ends with
/// a newline. It checks a file while it is written: keys, types, names, numbers. References, addresses'
/// places and ranges of durations are parse()'s alone. topologies/schema.json is this text.
std::string json_schema();

}  // namespace lblab::model
