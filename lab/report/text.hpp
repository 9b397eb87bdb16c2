#pragma once

#include <iosfwd>
#include <span>

#include "lab/expect/rounds.hpp"

namespace lblab::report {

struct Style {
  bool colour = false;  // SGR sequences
  int width = 100;      // columns; lines are broken at spaces to fit. At least 60 are taken.
};

/// Each scenario as a terminal shows it: its verdict in one line, what failed with its story, then all that
/// was done, happened and was found in order of time (seconds since the scenario began), outages with their
/// causes, connections, summaries. The last line counts scenarios and expectations. Control characters of
/// texts are shown, not sent.
void write_text(std::ostream&, std::span<const expect::ScenarioVerdict>, Style = {});

/// One scenario of it.
void write_text(std::ostream&, const expect::ScenarioVerdict&, Style = {});

/// All rounds of one: how many came out how, and what was measured in all of them. write_text() of all
/// verdicts has these after the last scenario.
void write_text(std::ostream&, const expect::Rounds&, Style = {});

}  // namespace lblab::report
