#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "lab/expect/verdict.hpp"
#include "lab/run/running_lab.hpp"
#include "lab/scenario/past.hpp"

namespace lblab::scenario {

/// Called with each step as it begins, and as expectations come to hold or run out of time.
using Progress = std::function<void(const std::string&)>;

/// Carries a scenario out on a lab that is up, and judges it: probes start, the steps of the seed's timeline
/// follow one another, an expectation with a deadline is waited for until it holds or the deadline is over,
/// probes end, and what they recorded is judged with all that happened. The lab is left as the steps left it:
/// see RunningLab::restore().
///
/// A step that cannot be carried out ends the scenario; the verdict's `trouble` says why. Throws
/// run::NotReady if the probes do not come up.
boost::asio::awaitable<expect::ScenarioVerdict> run_scenario(run::RunningLab&, Past&, const model::Scenario&,
                                                             const std::string& file, std::uint64_t seed,
                                                             Progress);

}  // namespace lblab::scenario
