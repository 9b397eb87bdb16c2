#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/model/parse.hpp"
#include "lab/model/unroll.hpp"

/// Any bytes: the parser neither crashes nor takes long, and gives a cluster or mistakes with their places,
/// never both. The scenarios that it lets pass unroll to no more steps than it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = lblab::model::parse({reinterpret_cast<const char*>(data), size});
  if (parsed.cluster.has_value() == !parsed.diagnostics.empty()) std::abort();
  for (const auto& [mark, wrong, right] : parsed.diagnostics)
    if (mark.line < 1 || mark.column < 1 || wrong.empty() || right.empty()) std::abort();
  if (parsed.cluster)
    for (const auto& scenario : parsed.cluster->scenarios)
      if (unroll(scenario, size, parsed.cluster->services).size() > lblab::model::most_steps) std::abort();
  return 0;
}
