#pragma once

#include "lab/expect/verdict.hpp"
#include "lab/model/scenario.hpp"

namespace lblab::expect {

/// A finding, with what only the judges know of it.
struct Judged {
  Finding finding;
  const model::Expectation* expectation = nullptr;
};

/// One for each mark that was judged more than once or that has a limit over repeats (p99).
std::vector<Summary> summaries(const std::vector<Judged>& judged);

/// Of what was measured the p50, p99 (nearest rank) and max; findings must not be empty, and be all of one
/// line of the file. A limit of the p99 that was missed fails, unless it would have held without what the
/// machine may have added.
Summary summarize(const std::vector<const Finding*>& findings, std::optional<double> limit);

/// Of plain values.
Summary summarize(std::string expected, std::string unit, const model::Mark& mark,
                  std::vector<double> values);

}  // namespace lblab::expect
