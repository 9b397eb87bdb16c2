#pragma once

#include <iosfwd>
#include <span>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// JUnit's XML, as CI systems read it: a testsuite a scenario (its story is the system-out), a testcase an
/// expectation each time it was judged, and one for each summary that has a limit of its own. failed →
/// <failure>; a scenario that could not be carried out → <error>, in a testcase of its own.
///
/// inconclusive → <skipped message="inconclusive: …">: JUnit knows no third outcome. <failure> and <error>
/// would blame the load balancer for a machine that was too busy to tell, and a plain testcase would claim
/// what nobody saw. A skipped test is shown and breaks no build; whoever wants to break it has exit code 4.
///
/// What was repeated has one more testsuite, "NAME over all rounds": its properties are the tally of the
/// rounds and the p50, p99 and max of what was measured in them, its testcases the limits over the rounds.
///
/// Valid XML 1.0 whatever bytes the texts hold.
void write_junit(std::ostream&, std::span<const expect::ScenarioVerdict>);

}  // namespace lblab::report
