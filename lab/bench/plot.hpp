#pragma once

#include <string>

#include "lab/bench/summary.hpp"

namespace lblab::bench {

/// gnuplot's script of a summary, with the names of report/gnuplot.hpp's colours. Ratios to the baseline with
/// their intervals, and the papers' beside them; along the axis that has numbers, or bars; of latencies their
/// distribution.
std::string plot_script(const model::Bench&, const Summary&, const Machine&);

/// The plot as an SVG file of its own. Throws as report::plotted() does.
std::string plot(const model::Bench&, const Summary&, const Machine&);

}  // namespace lblab::bench
