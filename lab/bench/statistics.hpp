#pragma once

#include <vector>

namespace lblab::bench {

/// Of an even number of values, the mean of the two in the middle; 0 of none.
double median(std::vector<double> values);

struct Interval {
  double low = 0, middle = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

/// The median, and the percentile bootstrap's interval in which it lies with 95 % confidence: resampled 2000
/// times, from a fixed seed, so that the same values give the same interval (Efron & Tibshirani, An
/// Introduction to the Bootstrap, chapter 13). With few values it is about as wide as they are apart.
Interval median_interval(const std::vector<double>& values);

/// Each value to that of the baseline at the same place. Places where the baseline is 0 are left out.
std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& baseline);

/// As quantiles: `count` values from the least to the greatest, evenly spread over the ranks; fewer if there
/// are fewer values.
std::vector<double> quantiles(std::vector<double> values, std::size_t count);

}  // namespace lblab::bench
