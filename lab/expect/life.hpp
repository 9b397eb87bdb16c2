#pragma once

#include <limits>
#include <set>
#include <string>
#include <vector>

/// States over time, of which some were followed and others looked at from time to time. Times are seconds on
/// CLOCK_MONOTONIC.
namespace lblab::expect {

using Set = std::set<std::string>;

/// That something became so, at some moment of [earliest, t]. What is followed has earliest == t.
template <class T>
struct Told {
  double earliest = 0, t = 0;
  T value{};
};

/// In the order of t; before the first, and of what was never told: T{}.
template <class T>
using Life = std::vector<Told<T>>;

/// The value that was last told at `t`.
template <class T>
T value_at(const Life<T>& life, double t) {
  T value{};
  for (const auto& told : life) {
    if (told.t > t) break;
    value = told.value;
  }
  return value;
}

/// A time of one value: certainly [begin, end_earliest], at most [begin_earliest, end].
template <class T>
struct Span {
  double begin_earliest, begin, end_earliest, end;
  T value;
};

/// All of a life's, the first from before all time and the last without end.
template <class T>
std::vector<Span<T>> spans(const Life<T>& life) {
  constexpr double forever = std::numeric_limits<double>::infinity();
  std::vector<Span<T>> all{{-forever, -forever, forever, forever, T{}}};
  for (const auto& told : life) {
    all.back().end_earliest = told.earliest;
    all.back().end = told.t;
    all.push_back({told.earliest, told.t, forever, forever, told.value});
  }
  return all;
}

}  // namespace lblab::expect
