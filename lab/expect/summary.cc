#include "lab/expect/summary.hpp"

#include <fmt/format.h>

#include <map>

#include "lab/expect/statistics.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using Group = std::vector<const Judged*>;

std::optional<double> limit_of_p99(const model::Expectation& expectation) {
  const auto* outage = std::get_if<model::OutageExpectation>(&expectation.what);
  return outage && outage->p99 ? std::optional{seconds(*outage->p99)} : std::nullopt;
}

void judge_p99(Summary& summary, const Group& group, double limit) {
  std::vector<double> without_noise;
  for (const auto* judged : group)
    if (judged->finding.measured) without_noise.push_back(*judged->finding.measured - judged->could_be_less);
  summary.seen = fmt::format("p99 {} of {}", duration(summary.p99),
                             count(static_cast<long>(summary.values.size()), "value"));
  if (summary.values.empty()) {
    summary.outcome = Outcome::inconclusive;
    summary.seen = "nothing was measured";
  } else if (summary.p99 > limit) {
    const bool is_noise = percentile(without_noise, 0.99) <= limit;
    summary.outcome = is_noise ? Outcome::inconclusive : Outcome::failed;
    if (is_noise) summary.seen += "; but the machine's own lateness could explain that";
  }
}

Summary summarize(const Group& group) {
  const Finding& first = group.front()->finding;
  Summary summary{.expected = first.expected, .unit = first.unit, .mark = first.mark};
  for (const auto* judged : group) {
    if (!judged->finding.measured) continue;
    summary.values.push_back(*judged->finding.measured);
    summary.unit = judged->finding.unit;
  }
  summary.p50 = percentile(summary.values, 0.5);
  summary.p99 = percentile(summary.values, 0.99);
  summary.max = percentile(summary.values, 1);
  if (const auto limit = limit_of_p99(*group.front()->expectation)) judge_p99(summary, group, *limit);
  return summary;
}

}  // namespace

std::vector<Summary> summaries(const std::vector<Judged>& judged) {
  std::map<model::Mark, Group> groups;
  for (const auto& one : judged)
    if (one.finding.mark.line > 0 || limit_of_p99(*one.expectation)) groups[one.finding.mark].push_back(&one);
  std::vector<Summary> all;
  for (const auto& [mark, group] : groups)
    if (group.size() > 1 || limit_of_p99(*group.front()->expectation)) all.push_back(summarize(group));
  return all;
}

}  // namespace lblab::expect
