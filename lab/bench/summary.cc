#include "lab/bench/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace lblab::bench {

using model::Bench;
using Measure = Bench::Measure;

namespace {

double value_of(Measure measure, const LoadRun& run) {
  if (measure == Measure::throughput) return run.wrk.rate();
  return run.wrk.requests == 0 ? 0 : run.cpu.busy() * 1e6 / static_cast<double>(run.wrk.requests);
}

/// By round.
using Values = std::map<int, double>;

Values values(Measure measure, const Runs& runs) {
  Values out;
  switch (measure) {
    case Measure::throughput:
    case Measure::cpu:
      for (const auto& run : runs.load) out[run.round] = value_of(measure, run);
      break;
    case Measure::latency:
      for (const auto& run : runs.latency) out[run.round] = median(run.latencies) * 1e3;
      break;
    case Measure::bytes:
      for (const auto& run : runs.bytes) out[run.round] = static_cast<double>(run.out.bytes) / run.requests;
      break;
    case Measure::instructions:
      for (const auto& run : runs.counts) out[run.round] = median(run.instructions) / 1e3;
      break;
  }
  return out;
}

std::uint64_t errors(Measure measure, const Runs& runs) {
  std::uint64_t count = 0;
  if (measure == Measure::latency)
    for (const auto& run : runs.latency) count += run.sent - run.answered;
  if (measure == Measure::throughput || measure == Measure::cpu)
    for (const auto& run : runs.load) count += run.wrk.errors;
  return count;
}

/// What the measure is taken from.
std::string_view source(Measure measure) {
  return measure == Measure::cpu || measure == Measure::throughput ? "load" : word(measure);
}

std::vector<Lost> lost(Measure measure, const Runs& runs) {
  std::vector<Lost> out;
  for (const auto& one : runs.lost)
    if (one.what == source(measure)) out.push_back(one);
  return out;
}

std::vector<double> only_values(const Values& values) {
  std::vector<double> out;
  for (const auto& [round, value] : values) out.push_back(value);
  return out;
}

/// What `combine` makes of a value and the baseline's of the same round; of rounds that lack either, nothing.
template <class Combine>
Interval against(const Values& own, const Values& baseline, Combine combine) {
  std::vector<double> out;
  for (const auto& [round, value] : own)
    if (const auto base = baseline.find(round); base != baseline.end() && base->second != 0)
      out.push_back(combine(value, base->second));
  return median_interval(out);
}

std::vector<double> latencies(const Runs& runs) {
  std::vector<double> all;
  for (const auto& run : runs.latency) all.insert(all.end(), run.latencies.begin(), run.latencies.end());
  std::ranges::sort(all);
  return all;
}

std::string baseline_of(const Bench& bench) {
  return bench.baseline.empty() ? model::variants(bench).front().name : bench.baseline;
}

std::string plural(int n, const char* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

}  // namespace

std::vector<std::pair<double, double>> paper_ratios(const Bench& bench, const std::string& series) {
  const auto all = model::variants(bench);
  const auto base = std::ranges::find(all, baseline_of(bench), &model::BenchVariant::name);
  const auto figure = base == all.end() ? std::nullopt : model::paper_figure(bench, *base);
  if (!figure) return {};
  auto line = model::paper_line(bench, series);
  for (auto& [x, value] : line) value /= *figure;
  return line;
}

Summary summarise(const Bench& bench, Measure measure, const std::map<std::string, Runs>& runs) {
  Summary summary{.measure = measure, .baseline = baseline_of(bench), .points = {}};
  const auto all = model::variants(bench);
  const auto base = std::ranges::find(all, summary.baseline, &model::BenchVariant::name);
  const auto base_runs = runs.find(summary.baseline);
  const auto base_values = base_runs == runs.end() ? Values{} : values(measure, base_runs->second);
  // The papers' figures are of the first measure.
  const bool has_paper = measure == bench.measures.front();
  const auto paper_base = has_paper && base != all.end() ? model::paper_figure(bench, *base) : std::nullopt;
  for (const auto& variant : all) {
    const auto found = runs.find(variant.name);
    if (found == runs.end()) continue;
    const auto own = values(measure, found->second);
    auto without = lost(measure, found->second);
    if (own.empty() && without.empty()) continue;
    Point point{.variant = variant,
                .value = median_interval(only_values(own)),
                .ratio = against(own, base_values, std::divides<>{}),
                .difference = against(own, base_values, std::minus<>{}),
                .paper = {},
                .rounds = own.size(),
                .lost = std::move(without),
                .errors = errors(measure, found->second),
                .latencies = measure == Measure::latency ? latencies(found->second) : std::vector<double>{}};
    if (const auto figure = model::paper_figure(bench, variant); figure && paper_base)
      point.paper = *figure / *paper_base;
    summary.points.push_back(std::move(point));
  }
  return summary;
}

bool are_separate(const Point& a, const Point& b) {
  return a.rounds > 1 && b.rounds > 1 && (a.value.high < b.value.low || b.value.high < a.value.low);
}

std::string order(const Summary& summary) {
  std::vector<const Point*> points;
  for (const auto& point : summary.points)
    if (point.rounds > 0) points.push_back(&point);
  std::ranges::stable_sort(points, {}, [](const Point* point) { return point->value.middle; });
  std::string text;
  for (std::size_t n = 0; n < points.size(); ++n) {
    // Each of those before from each of those that follow, or the sign would say more than is known.
    const bool is_step =
        std::all_of(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(n), [&](auto* before) {
          return std::all_of(points.begin() + static_cast<std::ptrdiff_t>(n), points.end(),
                             [&](auto* after) { return are_separate(*before, *after); });
        });
    text += (n == 0 ? "" : is_step ? " < " : ", ") + points[n]->variant.name;
  }
  return text;
}

const char* word(Measure measure) {
  switch (measure) {
    case Measure::throughput:
      return "throughput";
    case Measure::cpu:
      return "cpu";
    case Measure::latency:
      return "latency";
    case Measure::bytes:
      return "bytes";
    case Measure::instructions:
      break;
  }
  return "instructions";
}

const char* unit(Measure measure) {
  switch (measure) {
    case Measure::throughput:
      return "requests/s";
    case Measure::cpu:
      return "µs of CPU a request";
    case Measure::latency:
      return "ms, median";
    case Measure::bytes:
      return "bytes a request";
    case Measure::instructions:
      break;
  }
  return "thousand instructions a request";
}

namespace {

std::string what_is_done(const Bench& bench, Measure measure) {
  const auto& load = bench.load;
  const auto seconds = std::chrono::duration<double>(load.time).count();
  switch (measure) {
    case Measure::latency:
      return fmt::format("{} requests/s, a connection each, {:g} s each", load.rate, seconds);
    case Measure::bytes:
      return fmt::format("a connection of {} requests, captured", requests_captured);
    case Measure::instructions:
      return fmt::format("{} times {} and {} requests of one connection a boot, the difference of the two",
                         counts_a_boot, requests_counted.first, requests_counted.second);
    default:
      return fmt::format("wrk, {}, {:g} s each", plural(load.connections, "connection"), seconds);
  }
}

}  // namespace

std::string conditions(const Bench& bench, Measure measure, const Machine& machine) {
  return fmt::format("{}, {}; Linux {}{}, {}", what_is_done(bench, measure),
                     measure == Measure::instructions ? plural(bench.rounds, "boot") + " of each variant"
                                                      : plural(bench.rounds, "round") + ", in turn",
                     machine.kernel, machine.virtual_by.empty() ? "" : " in QEMU with " + machine.virtual_by,
                     plural(machine.cpus, "CPU"));
}

namespace {

std::string figure_stem(const Bench& bench, std::size_t measure) {
  if (bench.figures.empty()) return bench.name;
  return fmt::format("figure-{}-{}", bench.figures[std::min(measure, bench.figures.size() - 1)], bench.name);
}

}  // namespace

std::string stem(const Bench& bench) {
  return figure_stem(bench, 0) + (bench.measures.front() == Measure::instructions ? "-instructions" : "");
}

std::string plot_stem(const Bench& bench, Measure measure) {
  const auto at = std::ranges::find(bench.measures, measure) - bench.measures.begin();
  return figure_stem(bench, static_cast<std::size_t>(at)) +
         (bench.measures.size() > 1 || measure == Measure::instructions ? std::string("-") + word(measure)
                                                                        : "");
}

bool lacks_some(const Bench& bench, const std::map<std::string, Runs>& runs) {
  return std::ranges::any_of(bench.measures, [&](Measure measure) {
    const auto points = summarise(bench, measure, runs).points;
    return points.size() < model::variants(bench).size() ||
           std::ranges::any_of(points, [](const Point& point) { return point.rounds == 0; });
  });
}

}  // namespace lblab::bench
