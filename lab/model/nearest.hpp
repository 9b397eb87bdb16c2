#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace lblab::model {

/// The candidate that `word` is probably a misspelling of: the fewest insertions, deletions, substitutions
/// and swaps of neighbours, and no more than a third of the word. Words of more than 64 characters
/// are not compared.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace lblab::model
