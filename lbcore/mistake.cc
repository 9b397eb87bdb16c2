#include "lbcore/mistake.hpp"

#include <fmt/format.h>

namespace lbcore {

std::string format(const Mistake& m, const std::string& file) {
  const std::string where = m.line ? fmt::format("{}:{}:{}", file, m.line, m.column) : file;
  return where + ": " + m.wrong + (m.right.empty() ? "" : "; " + m.right);
}

}  // namespace lbcore
