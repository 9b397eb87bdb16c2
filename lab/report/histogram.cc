#include <algorithm>
#include <cmath>

#include "lab/report/plots.hpp"

namespace lblab::report {

namespace {

constexpr int most_bins = 24;
constexpr double much = 20;  // from where on a span is one for logarithms

Histogram linear(double low, double high) {
  Histogram out;
  const double step = round_step(std::max((high - low) / most_bins, std::abs(high) * 1e-9));
  const double first = std::floor(low / step);
  for (int i = 0; i == 0 || (i <= most_bins + 1 && (first + i) * step <= high); ++i)
    out.bars.push_back({(first + i) * step, (first + i + 1) * step});
  return out;
}

Histogram logarithmic(double low, double high) {
  Histogram out{.logarithmic = true};
  const double per_bar = std::max(0.1, std::log10(high / low) / most_bins);
  const double first = std::floor(std::log10(low) / per_bar);
  for (int i = 0; i == 0 || (i <= most_bins + 1 && (first + i) * per_bar <= std::log10(high)); ++i)
    out.bars.push_back({std::pow(10, (first + i) * per_bar), std::pow(10, (first + i + 1) * per_bar)});
  return out;
}

}  // namespace

double round_step(double value) {
  if (!(value > 0) || !std::isfinite(value)) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0})
    if (value <= step * power * (1 + 1e-9)) return step * power;
  return 10 * power;
}

Histogram histogram(std::span<const double> values, std::span<const double> marks) {
  if (values.empty()) return {};
  auto [low, high] = std::ranges::minmax(values);
  for (const double mark : marks) {
    low = std::min(low, mark);
    high = std::max(high, mark);
  }
  auto out = low > 0 && high / low > much ? logarithmic(low, high) : linear(low, high);
  for (const double value : values) {
    const auto past = std::ranges::find_if(out.bars, [&](const auto& bar) { return bar.from > value; });
    ++(past == out.bars.begin() ? past : std::prev(past))->count;  // rounding may put the lowest below all
  }
  return out;
}

}  // namespace lblab::report
