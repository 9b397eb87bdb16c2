#include "lab/model/diagnostic.hpp"

#include <fmt/format.h>

namespace lblab::model {

std::string format(const Diagnostic& diagnostic, const std::string& file) {
  const auto& [mark, wrong, right] = diagnostic;
  return fmt::format("{}:{}:{}: {}{}{}", file, mark.line, mark.column, wrong, right.empty() ? "" : "; ",
                     right);
}

}  // namespace lblab::model
