#pragma once

#include <chrono>
#include <cstdint>

namespace lblab::probe {

using std::chrono::nanoseconds;

/// Times that are evenly spread: `count` of them in every `per`, the first at `start`. Each is worked out
/// from its number alone, so nothing adds up over time.
struct Schedule {
  nanoseconds start{};
  std::int64_t count = 1;  // at least 1
  nanoseconds per{1};      // at least 1 ns

  /// When number n (from 0) is due.
  nanoseconds due(std::int64_t n) const { return start + per * (n / count) + per * (n % count) / count; }

  /// How many are due at `time`, or before it.
  std::int64_t due_by(nanoseconds time) const {
    if (time < start) return 0;
    const auto rounds = (time - start) / per;
    const auto rest = (time - start) % per;
    // The k-th of a round (from 0) is due by `rest` when per * k / count, rounded down, is not more than it:
    // the first k for which it is more is the smallest with per * k >= (rest + 1) * count.
    const auto k = ((rest.count() + 1) * count + per.count() - 1) / per.count();
    return rounds * count + (k < count ? k : count);
  }
};

}  // namespace lblab::probe
