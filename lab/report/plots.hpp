#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// A figure of somebody else's to compare a summary with: "papers: p50", 1.9 s. Drawn where the scenario and
/// the line of the file are the summary's; line 0: every summary of that scenario with that unit.
struct Reference {
  std::string scenario;
  int line = 0;
  std::string name;
  double value = 0;  // in `unit`
  std::string unit = "s";
};

/// Something to plot, as gnuplot's script and in words.
struct Plot {
  std::string caption, script;
  static constexpr int width = 500, height = 290;  // px, at which its texts have 14 px
};

/// What of the verdict can be plotted: outages by fault, requests per second, latencies, each series over
/// time, each summary with two values or more. Faults are marked by their numbers. Numbers that are not
/// finite are left out, and what then has no point has no plot. Scripts hold no text of the verdict's but
/// words and numbers of ours: nothing in it is gnuplot's to run.
std::vector<Plot> plots(const expect::ScenarioVerdict&, std::span<const Reference> = {});

/// Of values that were measured in several rounds.
std::vector<Plot> plots(const std::string& scenario, std::span<const expect::Summary>,
                        std::span<const Reference> = {});

/// Series that never changed, in words ("next hops of 10.1.1.0/24 in node1: 1"): they are not plotted.
std::vector<std::string> unchanged(const expect::ScenarioVerdict&);

/// Bars of a histogram over [from, to) of equal width: in logarithms where the values span much.
struct Histogram {
  bool logarithmic = false;
  struct Bar {
    double from = 0, to = 0;
    int count = 0;
  };
  std::vector<Bar> bars;
};
/// All must be finite. Bars have round borders (1, 2, 5 × 10^n) unless logarithmic. `marks` only widen the
/// range.
Histogram histogram(std::span<const double> values, std::span<const double> marks = {});

/// 1, 2 or 5 × 10^n: the least such that is at least the value.
double round_step(double value);

}  // namespace lblab::report
