#pragma once

#include <cstdint>
#include <vector>

#include "lab/model/cluster.hpp"
#include "lab/model/scenario.hpp"

namespace lblab::model {

/// A scenario's steps as they are to be carried out: no Repeat, no OneOf, and nothing left to draw. Repeats
/// of one line of the file have its mark. A time (`at`) beside a repeat or a choice is that of the first step
/// that it becomes.
///
/// Pure: one seed gives one timeline, on every machine. Draws are made in the order of the timeline.
/// `services`: as they are when the scenario begins; a count that is drawn is other than the one before it.
std::vector<Step> unroll(const Scenario& scenario, std::uint64_t seed, const std::vector<Service>& services);

/// What parse() lets pass: unroll() gives at most so many steps, and goes so deep.
inline constexpr std::int64_t most_steps = 20'000;
inline constexpr int most_nested = 4;

}  // namespace lblab::model
