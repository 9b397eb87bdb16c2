#include "lab/probe/clock.hpp"

namespace lblab::probe {

using namespace std::chrono_literals;

nanoseconds to_monotonic() {
  // The thread may lose its CPU between two readings; then they are far apart, and another try is worth it.
  nanoseconds best_gap = nanoseconds::max(), best{};
  for (int tries = 0; tries < 5 && best_gap > 20us; ++tries) {
    const auto before = now(), real = read_clock(CLOCK_REALTIME), after = now();
    if (after - before >= best_gap) continue;
    best_gap = after - before;
    best = before + best_gap / 2 - real;
  }
  return best;
}

}  // namespace lblab::probe
