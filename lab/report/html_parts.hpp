#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "lab/expect/rounds.hpp"
#include "lab/report/plots.hpp"

/// Pieces of the page. Each writes its heading and nothing at all where it has nothing to show.
namespace lblab::report {

/// The page's CSS.
std::string style();

/// The symbol, coloured.
std::string marked(expect::Outcome);

void write_failures(std::ostream&, const expect::ScenarioVerdict&);  // cards, without a heading
void write_timeline(std::ostream&, const expect::ScenarioVerdict&);
void write_outages(std::ostream&, const expect::ScenarioVerdict&);
void write_plots(std::ostream&, const expect::ScenarioVerdict&, std::span<const Reference>);
void write_expectations(std::ostream&, const expect::ScenarioVerdict&);
void write_connections(std::ostream&, const expect::ScenarioVerdict&);
void write_summaries(std::ostream&, const expect::ScenarioVerdict&);
void write_story(std::ostream&, const expect::ScenarioVerdict&);

/// Of what was carried out again and again, all rounds together.
void write_rounds(std::ostream&, const expect::Rounds&, std::span<const Reference>);

}  // namespace lblab::report
