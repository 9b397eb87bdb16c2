#include "lab/bench/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lblab::bench {

using model::Bench;
using nlohmann::json;
using Row = std::vector<std::string>;

namespace {

std::string digits(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string ratio(const Interval& interval) {
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", interval.middle, interval.low, interval.high);
}

/// Columns as wide as they need to be; the first `texts` of them to the left, numbers to the right.
std::string aligned(const std::vector<Row>& rows, std::size_t texts) {
  std::vector<std::size_t> widths;
  // Of characters, not bytes: µ has two.
  const auto width = [](const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
  };
  for (const auto& row : rows)
    for (std::size_t n = 0; n < row.size(); ++n) {
      if (widths.size() <= n) widths.push_back(0);
      widths[n] = std::max(widths[n], width(row[n]));
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t n = 0; n < row.size(); ++n) {
      const std::string room(widths[n] - width(row[n]), ' ');
      line += (n == 0 ? "" : "  ") + (n < texts ? row[n] + room : room + row[n]);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

/// RFC 4180: quoted where need be.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

json interval_json(const Interval& interval) {
  return {{"low", interval.low}, {"median", interval.middle}, {"high", interval.high}};
}

json summary_json(const Summary& summary) {
  json points = json::array();
  for (const auto& point : summary.points) {
    json one{{"variant", point.variant.name},
             {"value", interval_json(point.value)},
             {"ratio", interval_json(point.ratio)},
             {"difference", interval_json(point.difference)},
             {"rounds", point.rounds},
             {"of", point.rounds + point.lost.size()},
             {"errors", point.errors}};
    if (point.paper) one["paper-ratio"] = *point.paper;
    points.push_back(std::move(one));
  }
  return {{"measure", word(summary.measure)},
          {"unit", unit(summary.measure)},
          {"baseline", summary.baseline},
          {"order", order(summary)},
          {"points", points}};
}

}  // namespace

namespace {

std::string difference(const Interval& interval) {
  return fmt::format("{:+.1f} ({:+.1f} to {:+.1f})", interval.middle, interval.low, interval.high);
}

struct Columns {
  bool paper, difference, failed;
};

Columns columns_of(const Summary& summary) {
  const bool requests_fail =
      summary.measure != Bench::Measure::bytes && summary.measure != Bench::Measure::instructions;
  return {.paper = std::ranges::any_of(summary.points, [](const Point& p) { return p.paper.has_value(); }),
          .difference = summary.measure == Bench::Measure::instructions,
          .failed = requests_fail};
}

Row head(const Bench& bench, const Summary& summary, const Columns& columns) {
  Row row;
  for (const auto& axis : bench.vary) row.push_back(axis.name);
  row.insert(row.end(), {unit(summary.measure), "ratio (95 % interval)"});
  if (columns.difference) row.push_back("above " + summary.baseline);
  if (columns.paper) row.push_back("papers' ratio");
  row.push_back("rounds");
  if (columns.failed) row.push_back("failed requests");
  return row;
}

Row row_of(const Point& point, const Columns& columns) {
  Row row = point.variant.values;
  const bool has_value = point.rounds > 0;
  row.push_back(has_value ? digits(point.value.middle) : "");
  row.push_back(has_value ? ratio(point.ratio) : "");
  if (columns.difference) row.push_back(has_value ? difference(point.difference) : "");
  if (columns.paper) row.push_back(point.paper ? fmt::format("{:.2f}", *point.paper) : "");
  row.push_back(fmt::format("{} of {}", point.rounds, point.rounds + point.lost.size()));
  if (columns.failed) row.push_back(std::to_string(point.errors));
  return row;
}

/// Why rounds are missing.
std::string losses(const Summary& summary) {
  std::string text;
  for (const auto& point : summary.points)
    for (const auto& lost : point.lost)
      text += fmt::format("{}, round {}: {}\n", point.variant.name, lost.round, lost.why);
  return text.empty() ? "" : "\nNot measured:\n" + text;
}

}  // namespace

std::string table(const Bench& bench, const Summary& summary, const Machine& machine) {
  const auto columns = columns_of(summary);
  std::vector<Row> rows{head(bench, summary, columns)};
  for (const auto& point : summary.points) rows.push_back(row_of(point, columns));
  auto text = plot_stem(bench, summary.measure) + "\n";
  if (!bench.about.empty()) text += bench.about + "\n";
  text += fmt::format("{}. Ratios are to {} of the same round.\n",
                      conditions(bench, summary.measure, machine), summary.baseline);
  if (columns.paper) text += fmt::format("The papers': {}.\n", bench.paper->source);
  if (columns.difference) text += fmt::format("What the intervals separate: {}.\n", order(summary));
  return text + "\n" + aligned(rows, bench.vary.size()) + losses(summary);
}

namespace {

/// A row's part for a run, in the order of csv()'s columns after `measured`; "" where there is no such thing.
std::string cells(const LoadRun& run) {
  return fmt::format("{},load,{},{:.3f},{:.1f},{},{:.6f},{:.6f},{:.2f},{:.2f},{:.2f},{:.2f},,", run.round,
                     run.wrk.requests, run.wrk.seconds, run.wrk.rate(), run.wrk.errors, run.wrk.p50,
                     run.wrk.p99, run.cpu.user, run.cpu.system, run.cpu.interrupt, run.cpu.idle);
}

double quantile(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0
                        : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::string cells(const LatencyRun& run) {
  constexpr double middle = 0.5, most = 0.99;
  return fmt::format("{},latency,{},,,{},{:.6f},{:.6f},,,,,,", run.round, run.answered,
                     run.sent - run.answered, quantile(run.latencies, middle), quantile(run.latencies, most));
}

std::string cells(const ByteRun& run) {
  return fmt::format("{},bytes,{},,,,,,,,,,{},", run.round, run.requests, run.out.bytes);
}

std::string cells(const CountRun& run) {
  return fmt::format("{},instructions,,,,,,,,,,,,{:.0f}", run.round, median(run.instructions));
}

template <class Run>
std::string rows_of(const std::string& who, const std::vector<Run>& runs) {
  std::string text;
  for (const auto& run : runs) text += fmt::format("{},{}\r\n", who, cells(run));
  return text;
}

}  // namespace

std::string csv(const Bench& bench, const std::map<std::string, Runs>& runs) {
  Row head{"bench"};
  for (const auto& axis : bench.vary) head.push_back(field(axis.name));
  head.insert(head.end(), {"round", "measured", "requests", "seconds", "requests_per_s", "errors", "p50_s",
                           "p99_s", "cpu_user_s", "cpu_system_s", "cpu_interrupt_s", "cpu_idle_s",
                           "wire_bytes", "instructions_a_request"});
  auto text = fmt::format("{}\r\n", fmt::join(head, ","));
  for (const auto& variant : model::variants(bench)) {
    const auto found = runs.find(variant.name);
    if (found == runs.end()) continue;
    std::string who = field(bench.name);
    for (const auto& value : variant.values) who += "," + field(value);
    const auto& own = found->second;
    text += rows_of(who, own.load) + rows_of(who, own.latency) + rows_of(who, own.bytes) +
            rows_of(who, own.counts);
  }
  return text;
}

json json_of(const Bench& bench, const Results& results) {
  Results own{.machine = results.machine, .benches = {}};
  const auto found = results.benches.find(bench.name);
  if (found != results.benches.end()) own.benches.insert(*found);
  json out = to_json(own);
  out["bench"] = bench.name;
  out["about"] = bench.about;
  out["figures"] = bench.figures;
  out["summaries"] = json::array();
  if (found == results.benches.end()) return out;
  for (const auto measure : bench.measures)
    out["summaries"].push_back(summary_json(summarise(bench, measure, found->second)));
  if (bench.paper) out["paper"] = {{"source", bench.paper->source}, {"figures", bench.paper->figures}};
  return out;
}

}  // namespace lblab::bench
