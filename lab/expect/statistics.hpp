#pragma once

#include <vector>

namespace lblab::expect {

/// The value at or below which a share `p` of the values lies, by the nearest rank; 0 of none.
double percentile(std::vector<double> values, double p);

/// The probability of counts at least this uneven if every bin had the same chance (Pearson's chi-square); 1
/// for fewer than two bins.
double p_of_even(const std::vector<long>& counts);

/// The probability of a table at least this far from independence of rows and columns; 1 where there is
/// nothing to depend on. Rows and columns without counts do not count.
double p_of_independence(const std::vector<std::vector<long>>& table);

}  // namespace lblab::expect
