#include "lab/bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace lblab::bench {

namespace {

constexpr int resamples = 2000;
constexpr double confidence = 0.95;

/// splitmix64 (Steele et al. 2014): the standard library's distributions differ between libraries.
class Numbers {
 public:
  std::size_t below(std::size_t n) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::size_t>((z ^ (z >> 31U)) % n);
  }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Interval median_interval(const std::vector<double>& values) {
  if (values.empty()) return {};
  Numbers numbers;
  std::vector<double> medians, sample(values.size());
  for (int n = 0; n < resamples; ++n) {
    for (auto& value : sample) value = values[numbers.below(values.size())];
    medians.push_back(median(sample));
  }
  std::ranges::sort(medians);
  const auto tail = static_cast<std::size_t>(std::lround(resamples * (1 - confidence) / 2));
  return {medians[tail], median(values), medians[medians.size() - 1 - tail]};
}

std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& baseline) {
  std::vector<double> out;
  for (std::size_t n = 0; n < std::min(values.size(), baseline.size()); ++n)
    if (baseline[n] != 0) out.push_back(values[n] / baseline[n]);
  return out;
}

std::vector<double> quantiles(std::vector<double> values, std::size_t count) {
  std::ranges::sort(values);
  if (values.size() <= count || count < 2) return values;
  std::vector<double> out;
  for (std::size_t n = 0; n < count; ++n) out.push_back(values[n * (values.size() - 1) / (count - 1)]);
  return out;
}

}  // namespace lblab::bench
