#pragma once

#include <string>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// The scenario over time as an <svg> element: a lane for its faults (numbered), one for each actor's events,
/// outages as bands across all, expectations as bars over their windows. Events too close to be told apart
/// share a mark with their number; what has room is labelled, all tell their text on hovering. Styled by the
/// page (timeline_style). Empty where nothing happened.
std::string timeline_svg(const expect::ScenarioVerdict&);

/// CSS, in the page's variables.
std::string timeline_style();

}  // namespace lblab::report
