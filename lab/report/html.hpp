#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "lab/expect/verdict.hpp"
#include "lab/report/plots.hpp"

namespace lblab::report {

/// One HTML page that needs nothing else: no script, no font, no picture from elsewhere (and a policy in it
/// that forbids any). Light and dark as the reader has it. The verdict in one line, what failed with its
/// story, then all rounds of
/// what was repeated, the topology and each scenario: timeline, outages with their causes, plots,
/// expectations, connections, summaries, the story.
///
/// `topology_svg` is taken as it is (see topology.hpp); empty: no picture. Plots are gnuplot's; where it is
/// not installed, the page says so in their place. `references` are drawn beside summaries.
void write_html(std::ostream&, std::span<const expect::ScenarioVerdict>, std::string_view topology_svg,
                std::span<const Reference> references = {});

}  // namespace lblab::report
