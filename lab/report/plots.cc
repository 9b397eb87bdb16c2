#include "lab/report/plots.hpp"

#include <algorithm>

#include "lab/report/plot_script.hpp"

namespace lblab::report {

std::vector<Plot> plots(const std::string& scenario, std::span<const expect::Summary> summaries,
                        std::span<const Reference> references) {
  std::vector<Plot> all;
  for (const auto& summary : summaries) {
    std::vector<Reference> own;
    std::ranges::copy_if(references, std::back_inserter(own), [&](const Reference& reference) {
      return reference.scenario == scenario && reference.unit == summary.unit &&
             (reference.line == 0 || reference.line == summary.mark.line);
    });
    add_summary(summary, own, all);
  }
  return all;
}

std::vector<Plot> plots(const expect::ScenarioVerdict& verdict, std::span<const Reference> references) {
  std::vector<Plot> all;
  add_outages(verdict, all);
  add_requests(verdict, all);
  add_latencies(verdict, all);
  add_other_series(verdict, all);
  std::ranges::move(plots(verdict.name, verdict.summaries, references), std::back_inserter(all));
  return all;
}

}  // namespace lblab::report
