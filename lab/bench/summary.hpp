#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/bench/results.hpp"
#include "lab/bench/statistics.hpp"
#include "lab/model/bench.hpp"

/// What the runs of one bench come to. Pure.
namespace lblab::bench {

struct Point {
  model::BenchVariant variant;
  Interval value;               // in the measure's unit
  Interval ratio;               // to the baseline of the same round
  std::optional<double> paper;  // the papers' ratio to their baseline
  std::size_t rounds = 0;
  std::uint64_t errors = 0;       // requests that failed, in all rounds
  std::vector<double> latencies;  // latency: of all rounds, sorted; s

  /// Whether the interval says that it is not the baseline's.
  bool differs() const { return ratio.low > 1 || ratio.high < 1; }
};

struct Summary {
  model::Bench::Measure measure = model::Bench::Measure::throughput;
  std::string baseline;       // the variant that the ratios are to
  std::vector<Point> points;  // in the matrix's order
};

/// Of a variant without runs there is no point.
Summary summarise(const model::Bench&, model::Bench::Measure, const std::map<std::string, Runs>& runs);

/// "throughput", "cpu", "latency"
const char* word(model::Bench::Measure);
/// "requests/s", "µs of CPU a request", "ms, median"
const char* unit(model::Bench::Measure);

/// What was done, and how often, in a line.
std::string conditions(const model::Bench&, model::Bench::Measure, const Machine&);

/// "figure-4.6-kinds": what the files of a bench are called.
std::string stem(const model::Bench&);

}  // namespace lblab::bench
