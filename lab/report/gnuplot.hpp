#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lblab::report {

/// The Debian package with the program.
inline constexpr const char* gnuplot_package = "gnuplot-nox";

/// Whether plots can be drawn here: gnuplot is on our PATH.
bool has_gnuplot();

/// The colours of plots, by the names that scripts use: `lc rgb "@good"`. In light as gnuplot writes them;
/// the page's style (plot_style) turns each into its dark one.
struct Colour {
  std::string_view name, light, dark;  // "#rrggbb"
};
std::span<const Colour> palette();

/// CSS: what inline plots look like, in light and in dark.
std::string plot_style();

/// What gnuplot draws for the script: an <svg> element to be put inside a page, without ids, so that several
/// live in one page. `name` is for those who do not see it. Script and picture go through files in memory.
/// Throws std::runtime_error with what gnuplot said, sys::SystemError where it cannot be started.
std::string plotted(std::string_view script, int width, int height, std::string_view name);

/// The same as a file of its own, light on whatever page it is shown.
std::string plot_document(std::string_view script, int width, int height);

}  // namespace lblab::report
