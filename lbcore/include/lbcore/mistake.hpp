#pragma once

#include <compare>
#include <string>
#include <vector>

namespace lbcore {

/// Something wrong in a file that a person wrote, as data. Lines and columns count from 1; line 0: the whole
/// file.
struct Mistake {
  int line = 0, column = 0;
  std::string wrong;  // "unknown key 'adresses'"
  std::string right;  // "did you mean 'addresses'?"; may be empty
  auto operator<=>(const Mistake&) const = default;
};
using Mistakes = std::vector<Mistake>;

/// "FILE:LINE:COLUMN: WRONG; RIGHT"
std::string format(const Mistake&, const std::string& file);

}  // namespace lbcore
