#include "lab/expect/judge.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/expect/describe.hpp"
#include "lab/expect/outages.hpp"
#include "lab/expect/series.hpp"
#include "lab/expect/summary.hpp"
#include "lab/expect/trial.hpp"

namespace lblab::expect {

namespace {

/// States and events know what `never` means to them; of what was measured it is the opposite.
bool knows_never(const model::Expectation& expectation) {
  return std::holds_alternative<model::RouteExpectation>(expectation.what) ||
         std::holds_alternative<model::SessionExpectation>(expectation.what) ||
         std::holds_alternative<model::IpvsExpectation>(expectation.what) ||
         std::holds_alternative<model::EventExpectation>(expectation.what);
}

Ruling rule(const Trial& trial) {
  auto ruling = std::visit([&](const auto& what) { return rule(what, trial); }, trial.expectation.what);
  if (!trial.is(model::Expectation::When::never) || knows_never(trial.expectation)) return ruling;
  if (ruling.outcome != Outcome::inconclusive)
    ruling.outcome = ruling.outcome == Outcome::passed ? Outcome::failed : Outcome::passed;
  return ruling;
}

Judged judge_one(const Case& all, size_t step, const model::Expectation& expectation) {
  const Trial trial{all, expectation, step, window_of(all.evidence, step), names_at(all.evidence, step)};
  const auto ruling = rule(trial);
  Judged judged{{.outcome = ruling.outcome,
                 .expected = describe(expectation),
                 .seen = ruling.seen,
                 .story = story(all.chronicle, trial.window.from, trial.window.to),
                 .from = trial.window.from - all.evidence.began,
                 .to = trial.window.to - all.evidence.began,
                 .measured = ruling.measured,
                 .unit = ruling.unit,
                 .could_be_less = ruling.could_be_less,
                 .jitter = all.noise.worst(trial.window.from, trial.window.to),
                 .mark = all.evidence.steps[step].step.mark},
                &expectation};
  if (ruling.outcome != Outcome::passed)
    for (const auto& cause : ruling.causes) judged.finding.story.push_back("likely: " + cause);
  return judged;
}

std::vector<Done> done(const Evidence& evidence) {
  std::vector<Done> all;
  for (const auto& acted : evidence.steps)
    all.push_back({acted.began - evidence.began, acted.ended - acted.began, describe(acted.step),
                   acted.step.mark, is_action(acted.step)});
  return all;
}

std::vector<Moment> moments(const Case& all) {
  std::vector<Moment> moments;
  for (const auto& entry : all.chronicle)
    moments.push_back({entry.at - all.evidence.began, entry.actor, entry.kind, entry.text});
  return moments;
}

}  // namespace

ScenarioVerdict judge(const model::Scenario& scenario, const std::string& file, std::uint64_t seed,
                      const Evidence& evidence) {
  const Case all{scenario, evidence};
  std::vector<Judged> judged;
  for (size_t step = 0; step < evidence.steps.size(); ++step)
    if (const auto* expectation = std::get_if<model::Expectation>(&evidence.steps[step].step.what))
      judged.push_back(judge_one(all, step, *expectation));
  ScenarioVerdict verdict{.file = file,
                          .name = scenario.name,
                          .about = scenario.about,
                          .seed = seed,
                          .seconds = evidence.ended - evidence.began,
                          .steps = done(evidence),
                          .summaries = summaries(judged),
                          .outages = outages(all),
                          .ledger = ledger(evidence.records.flows),
                          .series = series(all),
                          .latencies = latencies(evidence.records.requests),
                          .moments = moments(all)};
  for (auto& one : judged) verdict.findings.push_back(std::move(one.finding));
  for (const auto& finding : verdict.findings) verdict.outcome = worse(verdict.outcome, finding.outcome);
  for (const auto& summary : verdict.summaries) verdict.outcome = worse(verdict.outcome, summary.outcome);
  return verdict;
}

}  // namespace lblab::expect
