#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace lblab::model {

/// What a link does to the packets that leave by it: tc-netem(8). All zero: nothing.
struct Impairment {
  std::chrono::milliseconds delay{0}, jitter{0};  // jitter: evenly spread around the delay
  double loss = 0, duplicate = 0, reorder = 0;    // percent; reordered packets overtake the delay
  std::uint64_t rate_bits = 0;                    // per second; 0: unlimited
  auto operator<=>(const Impairment&) const = default;
};

}  // namespace lblab::model
