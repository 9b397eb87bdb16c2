#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/report/plot_script.hpp"
#include "lab/report/story.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::ScenarioVerdict;
using expect::Summary;

namespace {

/// What a logarithmic axis can show of them.
std::vector<double> positive(const std::vector<double>& latencies) {
  std::vector<double> values;
  std::ranges::copy_if(latencies, std::back_inserter(values),
                       [](double v) { return v > 0 && can_be_drawn(v); });
  return values;
}

/// As points (ms, percent): as many as can be told apart, but the slowest all.
Points distribution(const std::vector<double>& sorted) {
  constexpr std::size_t most = 600;
  const std::size_t step = sorted.size() / most + 1;
  Points out;
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (i % step == 0 || sorted.size() - i < most / 2)
      out.emplace_back(sorted[i] * 1000,
                       100.0 * static_cast<double>(i + 1) / static_cast<double>(sorted.size()));
  return out;
}

/// By the nearest rank.
double percentile(const std::vector<double>& sorted, double percent) {
  const auto rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
  return sorted[std::max<std::size_t>(1, static_cast<std::size_t>(rank)) - 1];
}

std::string axis_of(const std::string& unit) {
  return unit.empty() ? "measured" : fmt::format("measured [{}]", unit);
}

/// Percentiles in one row, or in a column of their own beside others' figures.
std::string key_rows(int rows) {
  return fmt::format("set key vertical maxrows {} samplen 1.5 width -1 font ',12'\n", rows);
}

std::string bars_data(const Histogram& bars, double factor) {
  std::string block = "$bars << EOD\n";
  for (const auto& bar : bars.bars)
    if (bar.count)
      block += fmt::format("{:.9g} {} {:.9g} {:.9g}\n", bar.from * factor, bar.count, bar.from * factor,
                           bar.to * factor);
  return block + "EOD\n";
}

std::vector<Mark> marks_of(const Summary& summary, std::span<const Reference> references, double factor) {
  std::vector<Mark> marks;
  const auto add = [&](const std::string& name, double value, const char* colour, int dashes) {
    if (can_be_drawn(value))
      marks.push_back({value * factor, fmt::format("{} {}", name, measure(value, plain_unit(summary.unit))),
                       colour, dashes});
  };
  constexpr int dotted = 3, dashed = 2, solid = 1;
  add("p50", summary.p50, "@ink", dotted);
  add("p99", summary.p99, "@ink", dashed);
  add("max", summary.max, "@ink", solid);
  int dashes = dotted;
  for (const auto& reference : references) {
    add(reference.name, reference.value, "@paper", dashes);
    dashes = dashes == solid ? dotted : dashes - 1;
  }
  return marks;
}

}  // namespace

void add_outages(const ScenarioVerdict& verdict, std::vector<Plot>& plots) {
  constexpr std::size_t most_labels = 14;
  Points bars;
  std::vector<std::string> names;
  for (const auto& outage : verdict.outages) {
    if (!can_be_drawn(outage.to - outage.from)) continue;
    bars.emplace_back(bars.size() + 1, outage.to - outage.from);
    const int number = fault_number(verdict, outage);
    names.push_back(number ? fmt::format("#{}", number) : "?");
  }
  if (bars.empty()) return;
  const auto scale = scale_of(highest(bars), "s");
  const std::size_t every = (bars.size() - 1) / most_labels + 1;
  std::string tics, labels;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto text = duration(bars[i].second);
    bars[i].second *= scale.factor;
    if (i % every == 0) tics += fmt::format("{}'{}' {}", tics.empty() ? "" : ", ", names[i], i + 1);
    if (every == 1)
      labels +=
          fmt::format("set label {} at {}, {:.9g} center offset 0,0.6 font ',12' textcolor rgb '@ink'\n",
                      in_quotes(text), i + 1, bars[i].second);
  }
  const double n = static_cast<double>(bars.size());
  plots.push_back({"Outage of each fault: the longest time in which a flow that it hit had no answer",
                   frame("fault, by its number", fmt::format("outage [{}]", scale.unit)) +
                       fmt::format("set xrange [0.4:{}]\nset boxwidth {}\nset xtics ({})\n", n + 0.6,
                                   bars.size() < 3 ? 0.3 : 0.6, tics) +
                       y_range(0, highest(bars) * 1.08) + labels + data("bars", bars) +
                       "plot $bars using 1:2 with boxes lc rgb '@bad' fs solid 0.55 noborder notitle\n"});
}

void add_latencies(const ScenarioVerdict& verdict, std::vector<Plot>& plots) {
  const auto latencies = positive(verdict.latencies);
  if (latencies.empty()) return;
  const auto points = distribution(latencies);
  constexpr double room = 1.3;
  const double low = points.front().first / room, high = points.back().first * room;
  std::vector<Mark> marks;
  const auto add = [&](const char* name, double seconds, int dashes) {
    marks.push_back({seconds * 1000, fmt::format("{} {}", name, duration(seconds)), "@grey", dashes});
  };
  add("p50", percentile(latencies, 50), 3);
  add("p99", percentile(latencies, 99), 2);
  add("max", latencies.back(), 1);
  plots.push_back({fmt::format("Latency of {}", count(std::ssize(verdict.latencies), "answered request")),
                   frame("latency, from when the request was due [ms]", "share of answers [%]") +
                       fmt::format("set xrange [{:.9g}:{:.9g}]\nset yrange [0:100]\n", low, high) +
                       log_axis(low, high) + key_rows(1) + data("points", points) + marks_data(marks, 100) +
                       "plot $points using 1:2 with steps lw 2 lc rgb '@blue' notitle" + marks_plot(marks) +
                       "\n"});
}

void add_summary(const Summary& summary, std::span<const Reference> references, std::vector<Plot>& plots) {
  std::vector<double> values, also;
  std::ranges::copy_if(summary.values, std::back_inserter(values), can_be_drawn);
  if (values.size() < 2) return;
  for (const auto& reference : references)
    if (can_be_drawn(reference.value)) also.push_back(reference.value);
  const auto bars = histogram(values, also);
  const auto scale = scale_of(bars.bars.back().to, plain_unit(summary.unit));
  const double low = bars.bars.front().from * scale.factor, high = bars.bars.back().to * scale.factor;
  int most = 1;
  for (const auto& bar : bars.bars) most = std::max(most, bar.count);
  const auto marks = marks_of(summary, references, scale.factor);
  constexpr int few = 8;
  plots.push_back({fmt::format("{}, measured {}", with_line(summary.mark, one_line(summary.expected)),
                               count(std::ssize(summary.values), "time")),
                   frame(axis_of(scale.unit), "how often") +
                       fmt::format("set xrange [{:.9g}:{:.9g}]\n", low, high) +
                       (bars.logarithmic ? log_axis(low, high) : "") + y_range(0, most) +
                       (most < few ? "set ytics 1\n" : "") + key_rows(references.empty() ? 1 : 3) +
                       bars_data(bars, scale.factor) + marks_data(marks, most * 1.08) +
                       "plot $bars using (($3+$4)/2):2:3:4:(0):2 with boxxyerror lc rgb '@blue' fs solid 0.5 "
                       "noborder notitle" +
                       marks_plot(marks) + "\n"});
}

}  // namespace lblab::report
