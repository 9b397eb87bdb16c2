#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/model/parse.hpp"

/// Any bytes: the parser neither crashes nor takes long, and gives a cluster or mistakes with their places,
/// never both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = lblab::model::parse({reinterpret_cast<const char*>(data), size});
  if (parsed.cluster.has_value() == !parsed.diagnostics.empty()) std::abort();
  for (const auto& [mark, wrong, right] : parsed.diagnostics)
    if (mark.line < 1 || mark.column < 1 || wrong.empty() || right.empty()) std::abort();
  return 0;
}
