#include "lab/expect/summary.hpp"

#include <fmt/format.h>

#include <map>

#include "lab/expect/statistics.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

std::optional<double> limit_of_p99(const model::Expectation& expectation) {
  const auto* outage = std::get_if<model::OutageExpectation>(&expectation.what);
  return outage && outage->p99 ? std::optional{seconds(*outage->p99)} : std::nullopt;
}

void judge_p99(Summary& summary, const std::vector<double>& without_noise, double limit) {
  summary.limit = limit;
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

}  // namespace

Summary summarize(std::string expected, std::string unit, const model::Mark& mark,
                  std::vector<double> values) {
  Summary summary{.expected = std::move(expected), .unit = std::move(unit), .mark = mark};
  summary.p50 = percentile(values, 0.5);
  summary.p99 = percentile(values, 0.99);
  summary.max = percentile(values, 1);
  summary.values = std::move(values);
  return summary;
}

Summary summarize(const std::vector<const Finding*>& findings, std::optional<double> limit) {
  const Finding& first = *findings.front();
  std::string unit = first.unit;
  std::vector<double> values, without_noise;
  for (const auto* finding : findings) {
    if (!finding->measured) continue;
    values.push_back(*finding->measured);
    without_noise.push_back(*finding->measured - finding->could_be_less);
    unit = finding->unit;
  }
  Summary summary = summarize(first.expected, unit, first.mark, std::move(values));
  if (limit) judge_p99(summary, without_noise, *limit);
  return summary;
}

std::vector<Summary> summaries(const std::vector<Judged>& judged) {
  struct Group {
    std::vector<const Finding*> findings;
    std::optional<double> limit;
  };
  std::map<model::Mark, Group> groups;
  for (const auto& one : judged) {
    const auto limit = limit_of_p99(*one.expectation);
    if (one.finding.mark.line == 0 && !limit) continue;
    auto& group = groups[one.finding.mark];
    if (group.findings.empty()) group.limit = limit;
    group.findings.push_back(&one.finding);
  }
  std::vector<Summary> all;
  for (const auto& [mark, group] : groups)
    if (group.findings.size() > 1 || group.limit) all.push_back(summarize(group.findings, group.limit));
  return all;
}

}  // namespace lblab::expect
