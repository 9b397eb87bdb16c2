#include "lab/bench/write.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/bench/plot.hpp"
#include "lab/bench/table.hpp"
#include "lab/report/gnuplot.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::bench {

namespace {

std::string write_one(const model::Bench& bench, const Results& results,
                      const std::map<std::string, Runs>& runs, const std::filesystem::path& folder) {
  const auto path = [&](const std::string& ending) { return (folder / (stem(bench) + ending)).string(); };
  std::string tables;
  for (const auto measure : bench.measures) {
    const auto summary = summarise(bench, measure, runs);
    tables += (tables.empty() ? "" : "\n") + table(bench, summary, results.machine);
    const bool has_values =
        std::ranges::any_of(summary.points, [](const Point& point) { return point.rounds > 0; });
    if (has_values && report::has_gnuplot())
      sys::write_file((folder / (plot_stem(bench, measure) + ".svg")).string(),
                      plot(bench, summary, results.machine));
  }
  sys::write_file(path(".txt"), tables);
  sys::write_file(path(".csv"), csv(bench, runs));
  sys::write_file(path(".json"), json_of(bench, results).dump(1) + "\n");
  return tables;
}

}  // namespace

std::string write_all(const std::vector<model::Bench>& benches, const Results& results,
                      const std::filesystem::path& folder) {
  std::string tables;
  for (const auto& bench : benches)
    if (const auto found = results.benches.find(bench.name); found != results.benches.end())
      tables += write_one(bench, results, found->second, folder) + "\n";
  return tables;
}

}  // namespace lblab::bench
