#include "lab/expect/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>

namespace lblab::expect {

namespace {

double p_of(double chi_squared, size_t degrees) {
  return cdf(complement(boost::math::chi_squared(static_cast<double>(degrees)), chi_squared));
}

double distance(double count, double expected) { return (count - expected) * (count - expected) / expected; }

double sum(const std::vector<long>& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0L));
}

}  // namespace

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(rank, 1, values.size()) - 1];
}

double p_of_even(const std::vector<long>& counts) {
  const double total = sum(counts);
  if (counts.size() < 2 || total == 0) return 1;
  const double expected = total / static_cast<double>(counts.size());
  double chi_squared = 0;
  for (const long count : counts) chi_squared += distance(static_cast<double>(count), expected);
  return p_of(chi_squared, counts.size() - 1);
}

double p_of_independence(const std::vector<std::vector<long>>& table) {
  std::vector<double> rows, columns(table.empty() ? 0 : table.front().size());
  for (const auto& row : table) {
    rows.push_back(sum(row));
    for (size_t i = 0; i < row.size(); ++i) columns[i] += static_cast<double>(row[i]);
  }
  const auto used = [](const std::vector<double>& sums) {
    return static_cast<size_t>(std::ranges::count_if(sums, [](double s) { return s > 0; }));
  };
  if (used(rows) < 2 || used(columns) < 2) return 1;
  const double total = std::accumulate(rows.begin(), rows.end(), 0.0);
  double chi_squared = 0;
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < columns.size(); ++c)
      if (rows[r] > 0 && columns[c] > 0)
        chi_squared += distance(static_cast<double>(table[r][c]), rows[r] * columns[c] / total);
  return p_of(chi_squared, (used(rows) - 1) * (used(columns) - 1));
}

}  // namespace lblab::expect
