#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/expect/verdict.hpp"
#include "lab/report/plots.hpp"

/// Pieces of gnuplot's language that the plots share. Colours are names of gnuplot.hpp's palette.
namespace lblab::report {

using Points = std::vector<std::pair<double, double>>;

/// Finite, and not so large that an axis would say nothing.
bool can_be_drawn(double value);
Points drawable(const Points& points);

/// At most as many points as can be told apart: of each stretch its lowest and its highest.
Points thinned(const Points& points);

/// The largest second number, at least 0.
double highest(const Points& points);

/// A unit that is nothing but a short word ("1/s"); anything else is no unit.
std::string plain_unit(const std::string& unit);

/// A datablock; use it as $NAME.
std::string data(std::string_view name, const Points& points);

/// A string of gnuplot's that is nothing but text.
std::string in_quotes(std::string_view text);

/// Axes, their labels, the grid, the key above.
std::string frame(std::string_view x_label, std::string_view y_label);

/// A frame over the scenario's time, faults marked by their numbers above it, and above those a key if there
/// is to be one.
std::string time_frame(const expect::ScenarioVerdict&, const Points& points, std::string_view y_label,
                       bool has_key);

/// With room above the highest; a range where all is 0, too.
std::string y_range(double low, double high);

/// A logarithmic x axis: powers of ten, and 2 and 5 times them where that is too few.
std::string log_axis(double low, double high);

/// A vertical line with a word in the key.
struct Mark {
  double at = 0;
  std::string name, colour;
  int dashes = 1;  // gnuplot's dash types: 1 solid, 2 dashed, 3 dotted
};
std::string marks_data(std::span<const Mark>, double height);
std::string marks_plot(std::span<const Mark>);  // goes on with a `plot` command

/// Seconds below one are drawn as milliseconds.
struct Scale {
  double factor = 1;
  std::string unit;
};
Scale scale_of(double most, const std::string& unit);

// What plots() is made of; each adds what there is to draw.
void add_outages(const expect::ScenarioVerdict&, std::vector<Plot>&);
void add_requests(const expect::ScenarioVerdict&, std::vector<Plot>&);
void add_latencies(const expect::ScenarioVerdict&, std::vector<Plot>&);
void add_other_series(const expect::ScenarioVerdict&, std::vector<Plot>&);
void add_summary(const expect::Summary&, std::span<const Reference>, std::vector<Plot>&);

}  // namespace lblab::report
