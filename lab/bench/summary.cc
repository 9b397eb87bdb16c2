#include "lab/bench/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lblab::bench {

using model::Bench;
using Measure = Bench::Measure;

namespace {

double value_of(Measure measure, const LoadRun& run) {
  if (measure == Measure::throughput) return run.wrk.rate();
  return run.wrk.requests == 0 ? 0 : run.cpu.busy() * 1e6 / static_cast<double>(run.wrk.requests);
}

/// One value a round, in the rounds' order.
std::vector<double> values(Measure measure, const Runs& runs) {
  std::vector<double> out;
  if (measure == Measure::latency)
    for (const auto& run : runs.latency) out.push_back(median(run.latencies) * 1e3);
  else
    for (const auto& run : runs.load) out.push_back(value_of(measure, run));
  return out;
}

std::uint64_t errors(Measure measure, const Runs& runs) {
  std::uint64_t count = 0;
  if (measure == Measure::latency)
    for (const auto& run : runs.latency) count += run.sent - run.answered;
  else
    for (const auto& run : runs.load) count += run.wrk.errors;
  return count;
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

Summary summarise(const Bench& bench, Measure measure, const std::map<std::string, Runs>& runs) {
  Summary summary{.measure = measure, .baseline = baseline_of(bench), .points = {}};
  const auto all = model::variants(bench);
  const auto base = std::ranges::find(all, summary.baseline, &model::BenchVariant::name);
  const auto base_runs = runs.find(summary.baseline);
  const auto base_values =
      base_runs == runs.end() ? std::vector<double>{} : values(measure, base_runs->second);
  // The papers' figures are of the first measure.
  const bool has_paper = measure == bench.measures.front();
  const auto paper_base = has_paper && base != all.end() ? model::paper_figure(bench, *base) : std::nullopt;
  for (const auto& variant : all) {
    const auto found = runs.find(variant.name);
    if (found == runs.end()) continue;
    const auto own = values(measure, found->second);
    if (own.empty()) continue;
    Point point{.variant = variant,
                .value = median_interval(own),
                .ratio = median_interval(ratios(own, base_values)),
                .paper = {},
                .rounds = own.size(),
                .errors = errors(measure, found->second),
                .latencies = measure == Measure::latency ? latencies(found->second) : std::vector<double>{}};
    if (const auto figure = model::paper_figure(bench, variant); figure && paper_base)
      point.paper = *figure / *paper_base;
    summary.points.push_back(std::move(point));
  }
  return summary;
}

const char* word(Measure measure) {
  switch (measure) {
    case Measure::throughput:
      return "throughput";
    case Measure::cpu:
      return "cpu";
    case Measure::latency:
      break;
  }
  return "latency";
}

const char* unit(Measure measure) {
  switch (measure) {
    case Measure::throughput:
      return "requests/s";
    case Measure::cpu:
      return "µs of CPU a request";
    case Measure::latency:
      break;
  }
  return "ms, median";
}

std::string conditions(const Bench& bench, Measure measure, const Machine& machine) {
  const auto& load = bench.load;
  const auto seconds = std::chrono::duration<double>(load.time).count();
  const auto what = measure == Measure::latency
                        ? fmt::format("{} requests/s, a connection each", load.rate)
                        : fmt::format("wrk, {}", plural(load.connections, "connection"));
  return fmt::format("{}, {:g} s each, {}, in turn; Linux {}{}, {}", what, seconds,
                     plural(bench.rounds, "round"), machine.kernel,
                     machine.virtual_by.empty() ? "" : " in QEMU with " + machine.virtual_by,
                     plural(machine.cpus, "CPU"));
}

std::string stem(const Bench& bench) {
  return bench.figure.empty() ? bench.name : fmt::format("figure-{}-{}", bench.figure, bench.name);
}

}  // namespace lblab::bench
