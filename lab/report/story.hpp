#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// One line of the story: what was done, what happened, or what was found. Refers into the verdict.
struct Line {
  double at = 0;  // a finding: where its window closes
  std::variant<const expect::Moment*, const expect::Finding*, const expect::Done*> what;
  int fault = 0;  // the number of the fault, from 1, as in the timeline and the plots; 0: not a fault
  int times = 1;  // of the same moment, one directly after the other; `at` is the first
};

/// All of a scenario in the order of time. A step that only looks (an expectation) is left to its findings; a
/// moment that only repeats a step is left out.
std::vector<Line> story(const expect::ScenarioVerdict&);

/// The scenario's faults, in order: the N-th (from 1) is number N everywhere in a report.
std::vector<const expect::Done*> faults(const expect::ScenarioVerdict&);

/// The number of the fault that caused the outage: the last step of that text that had begun by then. 0:
/// there is none.
int fault_number(const expect::ScenarioVerdict&, const expect::Outage&);

/// What went wrong first, then what could not be told; those that held are left out.
std::vector<std::variant<const expect::Finding*, const expect::Summary*>> what_failed(
    const expect::ScenarioVerdict&);

/// A finding's own story in two: its causes, as far as known (the lines that begin "likely: "), and the rest.
/// Of a long one the middle is left out, and a line says how much: the scenario's story has it.
struct OwnStory {
  std::vector<std::string> causes, rest;
};
OwnStory own_story(const expect::Finding&);

/// What a moment says: its text, or at least its kind.
const std::string& text_of(const expect::Moment&);

/// Summaries with a limit of their own are expectations in their own right: the others only tell.
bool has_limit(const expect::Summary&);

}  // namespace lblab::report
