#pragma once

#include <span>
#include <string>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// How many came out how. `troubled` scenarios could not be carried out, and count as nothing else.
struct Tally {
  int passed = 0, failed = 0, inconclusive = 0, troubled = 0;
  int all() const { return passed + failed + inconclusive + troubled; }
  void add(expect::Outcome);
};

Tally scenarios(std::span<const expect::ScenarioVerdict>);

/// Findings, and summaries with a limit of their own.
Tally expectations(const expect::ScenarioVerdict&);

/// The whole in one line: "✗ 1 of 3 scenarios failed, 1 is inconclusive; 12 of 14 expectations held".
std::string verdict_line(std::span<const expect::ScenarioVerdict>);

}  // namespace lblab::report
