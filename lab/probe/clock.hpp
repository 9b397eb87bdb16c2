#pragma once

#include <time.h>

#include <chrono>

namespace lblab::probe {

using std::chrono::nanoseconds;

inline nanoseconds of(const timespec& t) { return std::chrono::seconds{t.tv_sec} + nanoseconds{t.tv_nsec}; }

inline nanoseconds read_clock(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return of(t);
}

/// CLOCK_MONOTONIC.
inline nanoseconds now() { return read_clock(CLOCK_MONOTONIC); }

/// What is to be added to a CLOCK_REALTIME of just now, such as a packet's timestamp, to have it as
/// CLOCK_MONOTONIC. Not to be kept: CLOCK_REALTIME may be set.
nanoseconds to_monotonic();

}  // namespace lblab::probe
