#pragma once

#include "lab/expect/verdict.hpp"
#include "lab/model/scenario.hpp"

namespace lblab::expect {

/// A finding, with what only the judges know of it.
struct Judged {
  Finding finding;
  const model::Expectation* expectation = nullptr;
  double could_be_less = 0;  // how much of what was measured the machine itself may have added
};

/// One for each mark that was judged more than once or that has a limit over repeats (p99): of what was
/// measured the p50, p99 (nearest rank) and max. A limit over repeats that was missed fails, unless it would
/// have held without what the machine may have added.
std::vector<Summary> summaries(const std::vector<Judged>& judged);

}  // namespace lblab::expect
