#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "lab/expect/verdict.hpp"

/// What came of a scenario that was carried out again and again (`lblab check --repeat`), all rounds
/// together.
namespace lblab::expect {

struct Rounds {
  std::string file, name;
  int passed = 0, failed = 0, inconclusive = 0, troubled = 0;
  Outcome outcome = Outcome::passed;  // of what is judged over the rounds alone: the worst of `summaries`

  /// Of each line of the file that measured something, in the file's order: all values of all rounds. A limit
  /// of the p99 is held against them.
  std::vector<Summary> summaries;
  /// Of each fault after which, in some round, datagrams were lost: its outages in seconds (0 where none was
  /// lost) and, where the kernel's routes changed during one, how long after the fault.
  std::vector<Summary> outages, delays;

  int all() const { return passed + failed + inconclusive + troubled; }
};

/// Of each scenario of which there is more than one verdict, in the order of their first. Rounds that could
/// not be carried out are only counted.
std::vector<Rounds> over_rounds(std::span<const ScenarioVerdict>);

/// Takes back what one round alone said of limits that are for all rounds: of a hundred outages one may be
/// longer than their p99, and be the only one of its round.
void leave_limits_to_rounds(ScenarioVerdict&);

nlohmann::json to_json(const Rounds&);

}  // namespace lblab::expect
