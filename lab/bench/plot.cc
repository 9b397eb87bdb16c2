#include "lab/bench/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>

#include "lab/report/gnuplot.hpp"
#include "lab/report/paper.hpp"
#include "lab/report/plot_script.hpp"

namespace lblab::bench {

using model::Bench;
using report::data;
using report::in_quotes;
using Measure = Bench::Measure;

namespace {

constexpr int width = 720, height = 440;
constexpr std::array colours{"@blue", "@good", "@fault", "@bad", "@ink", "@grey"};

const char* colour(std::size_t n) { return colours[n % colours.size()]; }

/// Of a series that is nothing but numbers, what is counted: "4 load-balancers".
std::string label(const Bench& bench, const std::string& series) {
  for (const auto& axis : bench.vary)
    if (&axis != bench.x() && std::ranges::find(axis.values, series) != axis.values.end() &&
        std::ranges::all_of(series, [](char c) { return c >= '0' && c <= '9'; }))
      return fmt::format("{} {}", series, axis.name);
  return series;
}

const char* y_label(Measure measure) {
  switch (measure) {
    case Measure::throughput:
      return "throughput, as a ratio";
    case Measure::cpu:
      return "CPU time a request, as a ratio";
    case Measure::bytes:
      return "bytes on the wire a request, as a ratio";
    case Measure::instructions:
      return "instructions a request, as a ratio";
    case Measure::latency:
      break;
  }
  return "share of answers [%]";
}

std::string unit_text(const Summary& summary, const Point& base) {
  return fmt::format("1 = {}: {:.{}f} {}", summary.baseline, base.value.middle,
                     base.value.middle < 10 ? 2 : 0, unit(summary.measure));
}

bool has_papers(const Summary& summary) {
  return std::ranges::any_of(summary.points, [](const Point& point) { return point.paper.has_value(); });
}

/// The title, what 1 is, how it was measured, and where the papers' figures are from.
std::string texts(const Bench& bench, const Summary& summary, const Machine& machine) {
  const auto base = std::ranges::find(summary.points, summary.baseline,
                                      [](const Point& point) { return point.variant.name; });
  const bool has_ratios = summary.measure != Measure::latency && base != summary.points.end();
  std::vector<std::string> paragraphs, below;
  if (has_ratios) paragraphs.push_back(unit_text(summary, *base) + ". Medians with 95 % intervals.");
  paragraphs.push_back(conditions(bench, summary.measure, machine));
  if (has_papers(summary)) paragraphs.push_back("Papers: " + bench.paper->source);
  constexpr int most_columns = 112;  // that fit into the width
  for (const auto& paragraph : paragraphs)
    std::ranges::copy(report::wrapped(paragraph, most_columns), std::back_inserter(below));
  const auto lines = static_cast<double>(below.size());
  auto script = fmt::format(
      "set label 1 {} at screen 0.012, screen 0.955 font ',15' textcolor rgb '@ink'\n"
      "set bmargin {:.2f}\nset tmargin 4.8\n",
      in_quotes(bench.about.empty() ? bench.name : bench.about), 4.0 + 1.2 * lines);
  constexpr double line_height = 0.04;  // of the whole height
  const double first_line = 0.035 + line_height * (lines - 1);
  for (std::size_t n = 0; n < below.size(); ++n)
    script += fmt::format("set label {} {} at screen 0.012, screen {:.3f} font ',11' textcolor rgb '@grey'\n",
                          n + 2, in_quotes(below[n]), first_line - line_height * static_cast<double>(n));
  return script;
}

/// The papers' line beside one of ours: their figures are of the first measure.
report::Points papers_of(const Bench& bench, const Summary& summary, const std::string& series) {
  return summary.measure == bench.measures.front() ? paper_ratios(bench, series) : report::Points{};
}

double highest(const Bench& bench, const Summary& summary) {
  double high = 1;
  for (const auto& point : summary.points) {
    high = std::max({high, point.ratio.high, point.paper.value_or(0)});
    for (const auto& [x, ratio] : papers_of(bench, summary, point.variant.series))
      high = std::max(high, ratio);
  }
  return high;
}

std::string error_data(const std::string& name, const std::vector<std::pair<double, Interval>>& points) {
  auto block = fmt::format("${} << EOD\n", name);
  for (const auto& [x, y] : points)
    block += fmt::format("{:.9g} {:.9g} {:.9g} {:.9g}\n", x, y.middle, y.low, y.high);
  return block + "EOD\n";
}

/// One series' own points and the papers', as datablocks and as parts of the plot command.
struct Parts {
  std::string data, plots;
  void add(const std::string& plot) { plots += (plots.empty() ? "plot " : ", ") + plot; }
};

std::string lines(const Bench& bench, const Summary& summary) {
  Parts parts;
  std::set<double> xs;
  std::size_t n = 0;
  for (const auto& series : model::series(bench)) {
    std::vector<std::pair<double, Interval>> own;
    for (const auto& point : summary.points)
      if (point.variant.series == series && point.variant.x && point.rounds > 0)
        own.emplace_back(*point.variant.x, point.ratio);
    const auto paper = papers_of(bench, summary, series);
    for (const auto& point : own) xs.insert(point.first);
    for (const auto& point : paper) xs.insert(point.first);
    if (!own.empty()) {
      parts.data += error_data(fmt::format("own{}", n), own);
      parts.add(fmt::format("$own{} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 lc rgb '{}' title {}", n,
                            colour(n), in_quotes(label(bench, series))));
    }
    if (!paper.empty()) {
      parts.data += data(fmt::format("paper{}", n), paper);
      parts.add(
          fmt::format("$paper{} using 1:2 with linespoints lw 1.5 dt 2 pt 6 ps 0.6 lc rgb '{}' title {}", n,
                      colour(n), in_quotes("papers: " + label(bench, series))));
    }
    ++n;
  }
  if (xs.empty()) return "";
  std::string tics;
  for (const double x : xs) tics += fmt::format("{}'{:g}' {:g}", tics.empty() ? "" : ", ", x, x);
  const double room = (*xs.rbegin() - *xs.begin()) * 0.06 + 0.02;
  return fmt::format("set xrange [{:g}:{:g}]\nset xtics ({})\n", *xs.begin() - room, *xs.rbegin() + room,
                     tics) +
         parts.data + parts.plots + "\n";
}

std::string bars(const Summary& summary) {
  std::vector<std::pair<double, Interval>> own;
  report::Points paper;
  std::string tics;
  double x = 0;
  std::size_t longest = 1;
  for (const auto& point : summary.points) {
    ++x;
    longest = std::max(longest, point.variant.name.size());
    if (point.rounds > 0) own.emplace_back(x, point.ratio);
    if (point.paper) paper.emplace_back(x, *point.paper);
    tics += fmt::format("{}{} {}", tics.empty() ? "" : ", ", in_quotes(point.variant.name), x);
  }
  // A character is some 0.6 of its font's size wide.
  const double font = std::clamp(0.8 * width / x / (0.6 * static_cast<double>(longest)), 7.0, 12.0);
  std::string script = fmt::format("set xrange [0.4:{}]\nset boxwidth 0.5\nset xtics font ',{:.1f}' ({})\n",
                                   x + 0.6, font, tics) +
                       error_data("own", own) + data("paper", paper) +
                       "plot $own using 1:2 with boxes lc rgb '@blue' fs solid 0.5 noborder title 'here', "
                       "$own using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '@ink' notitle";
  if (own.empty()) return "";
  if (!paper.empty()) script += ", $paper using 1:2 with points pt 13 ps 1.6 lc rgb '@paper' title 'papers'";
  return script + "\n";
}

/// "nginx, median 8.7 ms, 1.22 (papers 1.09)": its median, that as a ratio, and theirs.
std::string latency_title(const Point& point) {
  return fmt::format("{}, median {:.3g} ms, {:.2f}{}", point.variant.name, median(point.latencies) * 1e3,
                     point.ratio.middle, point.paper ? fmt::format(" (papers {:.2f})", *point.paper) : "");
}

/// Of latencies in ms: a line a variant, against a logarithmic axis.
std::string distributions(const Summary& summary) {
  Parts parts;
  double low = 1e9, high = 0;
  std::size_t n = 0;
  for (const auto& point : summary.points) {
    if (point.latencies.empty()) continue;
    report::Points steps;
    const auto count = static_cast<double>(point.latencies.size());
    for (std::size_t i = 0; i < point.latencies.size(); ++i)
      steps.emplace_back(std::max(point.latencies[i], 1e-6) * 1e3,
                         100.0 * static_cast<double>(i + 1) / count);
    low = std::min(low, steps.front().first);
    high = std::max(high, steps.back().first);
    parts.data += data(fmt::format("own{}", n), report::thinned(steps));
    parts.add(fmt::format("$own{} using 1:2 with steps lw 2 lc rgb '{}' title {}", n, colour(n),
                          in_quotes(latency_title(point))));
    ++n;
  }
  if (n == 0) return "";
  return report::log_axis(low, high) +
         fmt::format("set xrange [{:.9g}:{:.9g}]\nset yrange [0:100]\n", low / 1.1, high * 1.1) + parts.data +
         parts.plots + "\n";
}

std::string x_label(const Bench& bench, const Summary& summary) {
  if (summary.measure == Measure::latency) return "latency, from when the request was due [ms]";
  if (!bench.x()) return "";
  if (bench.x()->name == "rps") return "processors that packets are steered to";
  if (bench.x()->name == "rss") return "queues, each with a processor of its own";
  return fmt::format("number of {}", bench.x()->name);
}

}  // namespace

std::string plot_script(const Bench& bench, const Summary& summary, const Machine& machine) {
  auto script = report::frame(x_label(bench, summary), y_label(summary.measure)) +
                texts(bench, summary, machine) + "set key at graph 0, screen 0.91 left top font ',12'\n";
  constexpr std::size_t lines_of_room = 3;
  if (summary.measure == Measure::latency)
    return script + (summary.points.size() > lines_of_room ? "set tmargin 6.4\n" : "") +
           distributions(summary);
  script += report::y_range(0, highest(bench, summary));
  return script + (bench.x() ? lines(bench, summary) : bars(summary));
}

std::string plot(const Bench& bench, const Summary& summary, const Machine& machine) {
  return report::plot_document(plot_script(bench, summary, machine), width, height);
}

}  // namespace lblab::bench
