#include "lab/report/plot_script.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <regex>

#include "lab/report/story.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::ScenarioVerdict;

namespace {

constexpr std::size_t most_points = 1200;  // twice as many as there are pixels
constexpr double farthest = 1e15;

/// From 0, or before, to the scenario's end, or after.
std::pair<double, double> time_range(const ScenarioVerdict& verdict, const Points& points) {
  double low = 0, high = can_be_drawn(verdict.seconds) ? verdict.seconds : 0;
  for (const auto& point : points) {
    low = std::min(low, point.first);
    high = std::max(high, point.first);
  }
  return {low, high > low ? high : low + 1};
}

/// Vertical lines, with the numbers in two rows where there is room.
std::string fault_marks(const ScenarioVerdict& verdict, std::pair<double, double> range) {
  const double room = (range.second - range.first) / 20;
  std::array last{range.first - 2 * room, range.first - 2 * room};
  std::string script;
  int number = 0;
  for (const auto* fault : faults(verdict)) {
    ++number;
    if (!can_be_drawn(fault->at) || fault->at < range.first || fault->at > range.second) continue;
    script += fmt::format(
        "set arrow from first {0:.9g}, graph 0 to first {0:.9g}, graph 1 nohead lw 1 dt 2 lc rgb '@fault' "
        "back\n",
        fault->at);
    auto* const row = std::ranges::find_if(last, [&](double before) { return fault->at - before >= room; });
    if (row == last.end()) continue;
    script += fmt::format(
        "set label '#{}' at first {:.9g}, graph 1 center offset 0,{} font ',12' textcolor rgb '@fault'\n",
        number, fault->at, row == last.begin() ? 0.6 : 1.4);
    *row = fault->at;
  }
  return script;
}

}  // namespace

bool can_be_drawn(double value) { return std::isfinite(value) && std::abs(value) < farthest; }

Points drawable(const Points& points) {
  Points out;
  for (const auto& point : points)
    if (can_be_drawn(point.first) && can_be_drawn(point.second)) out.push_back(point);
  return out;
}

Points thinned(const Points& points) {
  if (points.size() <= most_points) return points;
  const std::size_t stretch = (points.size() + most_points / 2 - 1) / (most_points / 2);
  Points out;
  for (std::size_t i = 0; i < points.size(); i += stretch) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(std::min(i + stretch, points.size()));
    const auto [low, high] =
        std::minmax_element(begin, end, [](const auto& a, const auto& b) { return a.second < b.second; });
    out.push_back(*std::min(low, high));
    if (low != high) out.push_back(*std::max(low, high));
  }
  return out;
}

double highest(const Points& points) {
  double high = 0;
  for (const auto& point : points) high = std::max(high, point.second);
  return high;
}

std::string plain_unit(const std::string& unit) {
  static const std::regex word("[A-Za-z0-9/%]{1,12}");
  return std::regex_match(unit, word) ? unit : "";
}

std::string data(std::string_view name, const Points& points) {
  auto block = fmt::format("${} << EOD\n", name);
  for (const auto& [x, y] : points) block += fmt::format("{:.9g} {:.9g}\n", x, y);
  return block + "EOD\n";
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : one_line(text)) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string frame(std::string_view x_label, std::string_view y_label) {
  return fmt::format(
      "set border 3 lc rgb '@grey'\n"
      "set tics nomirror out scale 0.5 textcolor rgb '@ink'\n"
      "set grid ytics lt 1 lw 1 lc rgb '@grid'\n"
      "set key above left Left reverse horizontal textcolor rgb '@ink' samplen 2 width -2\n"
      "set xlabel {} textcolor rgb '@ink' offset 0,0.3\n"
      "set ylabel {} textcolor rgb '@ink' offset 0.8,0\n"
      "set lmargin 9\nset rmargin 3\n",
      in_quotes(x_label), in_quotes(y_label));
}

std::string time_frame(const ScenarioVerdict& verdict, const Points& points, std::string_view y_label,
                       bool has_key) {
  const auto range = time_range(verdict, points);
  return frame("time since the scenario began [s]", y_label) +
         fmt::format(
             "set xrange [{:.9g}:{:.9g}]\nset tmargin {}\nset key at graph 1, screen 0.99 right top\n",
             range.first, range.second, has_key ? 4.4 : 2.8) +
         fault_marks(verdict, range);
}

std::string y_range(double low, double high) {
  constexpr double room = 0.08;
  return fmt::format("set yrange [{:.9g}:{:.9g}]\n", low, high > low ? high + (high - low) * room : low + 1);
}

std::string log_axis(double low, double high) {
  constexpr double few_decades = 400;
  const bool is_short = high / low < few_decades;
  std::string tics;
  for (int power = static_cast<int>(std::floor(std::log10(low))); std::pow(10, power) <= high; ++power)
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double at = digit * std::pow(10, power);
      if ((is_short || digit == 1) && at >= low * 0.999 && at <= high * 1.001)
        tics += fmt::format("{}'{:g}' {:.9g}", tics.empty() ? "" : ", ", at, at);
    }
  return fmt::format("set logscale x\nset xtics ({})\nset grid xtics lt 1 lw 1 lc rgb '@grid'\n", tics);
}

std::string marks_data(std::span<const Mark> marks, double height) {
  std::string blocks;
  int n = 0;
  for (const auto& mark : marks)
    blocks += data(fmt::format("mark{}", n++), {{mark.at, 0}, {mark.at, height}});
  return blocks;
}

std::string marks_plot(std::span<const Mark> marks) {
  std::string lines;
  int n = 0;
  for (const auto& mark : marks)
    lines += fmt::format(", $mark{} using 1:2 with lines lw 1.5 dt {} lc rgb '{}' title {}", n++, mark.dashes,
                         mark.colour, in_quotes(mark.name));
  return lines;
}

Scale scale_of(double most, const std::string& unit) {
  if (unit == "s" && most < 1) return {1000, "ms"};
  return {1, unit};
}

}  // namespace lblab::report
