#include "lab/report/plots.hpp"

#include <algorithm>

#include "lab/report/plot_script.hpp"

namespace lblab::report {

std::vector<Plot> plots(const expect::ScenarioVerdict& verdict, std::span<const Reference> references) {
  std::vector<Plot> plots;
  add_outages(verdict, plots);
  add_requests(verdict, plots);
  add_latencies(verdict, plots);
  add_other_series(verdict, plots);
  for (const auto& summary : verdict.summaries) {
    std::vector<Reference> own;
    std::ranges::copy_if(references, std::back_inserter(own), [&](const Reference& reference) {
      return reference.scenario == verdict.name && reference.unit == summary.unit &&
             (reference.line == 0 || reference.line == summary.mark.line);
    });
    add_summary(summary, own, plots);
  }
  return plots;
}

}  // namespace lblab::report
