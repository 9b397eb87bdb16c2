#include "lab/daemons/program.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace lblab::daemons {

std::string duration(milliseconds d) {
  return d.count() % 1000 == 0 ? fmt::format("{}s", d.count() / 1000) : fmt::format("{}ms", d.count());
}

int whole_seconds(milliseconds d) {
  return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(d).count());
}

int keepalive_seconds(milliseconds hold_time) { return std::max(1, whole_seconds(hold_time) / 3); }

}  // namespace lblab::daemons
