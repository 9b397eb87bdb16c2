#pragma once

#include <string>
#include <vector>

namespace lblab::model {

/// Where a value stands in the user's file; 1-based; line 0: nowhere in particular.
struct Mark {
  int line = 0, column = 0;
  auto operator<=>(const Mark&) const = default;
};

/// A mistake of the user's, as data.
struct Diagnostic {
  Mark mark;
  std::string wrong;  // "unknown key 'replcas'"
  std::string right;  // "did you mean 'replicas'?"; may be empty
  auto operator<=>(const Diagnostic&) const = default;
};
using Diagnostics = std::vector<Diagnostic>;

/// "FILE:LINE:COLUMN: WRONG; RIGHT"
std::string format(const Diagnostic&, const std::string& file);

}  // namespace lblab::model
