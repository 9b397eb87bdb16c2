#pragma once

#include <span>
#include <string>

#include "lab/expect/rounds.hpp"

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

/// Limits over the rounds alone.
Tally expectations(const expect::Rounds&);

/// "3 rounds: 2 passed, 1 is inconclusive"
std::string rounds_line(const expect::Rounds&);

/// Of all together, and of what is judged over rounds: the worst. What could not be carried out failed;
/// nothing at all is inconclusive.
expect::Outcome outcome_of(std::span<const expect::ScenarioVerdict>);

/// The whole in one line: "✗ 1 of 3 scenarios failed, 1 is inconclusive; 12 of 14 expectations held". What is
/// judged over rounds counts, too.
std::string verdict_line(std::span<const expect::ScenarioVerdict>);

}  // namespace lblab::report
