#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/bench/results.hpp"
#include "lab/bench/statistics.hpp"
#include "lab/model/bench.hpp"

/// What the runs of one bench come to. Pure.
namespace lblab::bench {

/// Of a connection whose bytes are counted: as many as in the papers' Appendix C.
inline constexpr int requests_captured = 100;
/// Instructions of so many requests, and of so many more: what they differ by is the requests' own. The first
/// are enough that what a connection costs at its beginning is in both.
inline constexpr std::pair requests_counted{20, 120};
inline constexpr int counts_a_boot = 7;

struct Point {
  model::BenchVariant variant;
  Interval value;               // in the measure's unit
  Interval ratio;               // to the baseline of the same round
  Interval difference;          // to the baseline of the same round, in the measure's unit
  std::optional<double> paper;  // the papers' ratio to their baseline
  std::size_t rounds = 0;
  std::vector<Lost> lost;         // rounds in which nothing was measured
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

/// The papers' figures of a series along x, as ratios to their baseline; empty where they have none.
std::vector<std::pair<double, double>> paper_ratios(const model::Bench&, const std::string& series);

/// Of a variant in which nothing was measured, and nothing lost, there is no point.
Summary summarise(const model::Bench&, model::Bench::Measure, const std::map<std::string, Runs>& runs);

/// Whether what is known says which of the two is more: their intervals do not touch.
bool are_separate(const Point&, const Point&);

/// The variants of which the intervals say that one is more than the other, from the least on: "a < b", for
/// each that is followed by such a one. What is not separated stands together: "a, b < c".
std::string order(const Summary&);

/// "throughput", "cpu", "latency", "bytes", "instructions"
const char* word(model::Bench::Measure);
/// "requests/s", "µs of CPU a request", "ms, median", "bytes a request", "1000 instructions a request"
const char* unit(model::Bench::Measure);

/// What was done, and how often, in a line.
std::string conditions(const model::Bench&, model::Bench::Measure, const Machine&);

/// "figure-4.6-kinds": what the files of a bench are called; with "-instructions" where those were counted.
std::string stem(const model::Bench&);
/// "figure-5.3-kinds-cpu": what the plot of a measure is called; without the measure where there is but one.
std::string plot_stem(const model::Bench&, model::Bench::Measure);

/// Whether some variant was measured in no round.
bool lacks_some(const model::Bench&, const std::map<std::string, Runs>& runs);

}  // namespace lblab::bench
