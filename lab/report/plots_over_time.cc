#include <fmt/core.h>

#include <algorithm>

#include "lab/report/plot_script.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::ScenarioVerdict;
using expect::Series;

namespace {

constexpr std::string_view answered = "requests answered", failed = "requests failed";

/// Steps go from point to point. The last one gets as long as the one before it.
Points with_length(Points points) {
  if (points.empty()) return points;
  const auto last = points.back();
  const double length = points.size() > 1 ? last.first - points[points.size() - 2].first : 1;
  points.emplace_back(last.first + length, last.second);
  return points;
}

/// The last one goes on until the end.
Points with_end(Points points, double end) {
  if (points.size() == 1 && !(end > points.back().first)) return with_length(points);
  if (end > points.back().first) points.emplace_back(end, points.back().second);
  return points;
}

bool is_of_requests(const Series& series) { return series.name == answered || series.name == failed; }

bool is_constant(const Series& series) {
  return !series.points.empty() && std::ranges::all_of(series.points, [&](const auto& point) {
    return point.second == series.points.front().second;
  });
}

Points points_of(const ScenarioVerdict& verdict, std::string_view name) {
  const auto found = std::ranges::find(verdict.series, name, &Series::name);
  return found == verdict.series.end() ? Points{} : thinned(drawable(found->points));
}

void add_one(const ScenarioVerdict& verdict, const Series& series, std::vector<Plot>& plots) {
  const auto points = thinned(drawable(series.points));
  if (points.empty()) return;
  const bool counts_hops = series.name.starts_with("next hops");
  const auto drawn = with_end(points, can_be_drawn(verdict.seconds) ? verdict.seconds : 0);
  double low = 0;
  for (const auto& point : drawn) low = std::min(low, point.second);
  const double high = highest(drawn);
  auto script =
      time_frame(verdict, drawn, counts_hops ? "next hops" : "[" + plain_unit(series.unit) + "]", false) +
      y_range(low, counts_hops ? high + 0.5 : high);
  constexpr double few = 12;
  if (counts_hops && high < few) script += "set ytics 1\n";
  script += data("points", drawn) + "plot $points using 1:2 with steps lw 2 lc rgb '@blue' notitle\n";
  plots.push_back({"Over time: " + one_line(series.name), script});
}

}  // namespace

void add_requests(const ScenarioVerdict& verdict, std::vector<Plot>& plots) {
  std::string blocks, lines;
  Points all;
  const auto add = [&](std::string_view name, const char* block, const char* look) {
    const auto points = with_length(points_of(verdict, name));
    if (points.empty()) return;
    all.insert(all.end(), points.begin(), points.end());
    blocks += data(block, points);
    lines +=
        fmt::format("{}${} using 1:2 with {} title '{}'", lines.empty() ? "plot " : ", ", block, look, block);
  };
  add(failed, "failed", "fillsteps lc rgb '@bad' fs solid 0.5 noborder");
  add(answered, "answered", "steps lw 2 lc rgb '@good'");
  if (all.empty()) return;
  plots.push_back(
      {"HTTP requests per second, by when they were due",
       time_frame(verdict, all, "requests [1/s]", true) + y_range(0, highest(all)) + blocks + lines + "\n"});
}

void add_other_series(const ScenarioVerdict& verdict, std::vector<Plot>& plots) {
  for (const auto& series : verdict.series)
    if (!is_of_requests(series) && !is_constant(series)) add_one(verdict, series, plots);
}

std::vector<std::string> unchanged(const ScenarioVerdict& verdict) {
  std::vector<std::string> found;
  for (const auto& series : verdict.series)
    if (!is_of_requests(series) && is_constant(series))
      found.push_back(fmt::format("{}: {}", one_line(series.name),
                                  measure(series.points.front().second, plain_unit(series.unit))));
  return found;
}

}  // namespace lblab::report
