#include "lab/report/tally.hpp"

#include <fmt/core.h>

#include <vector>

#include "lab/report/story.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::Outcome;
using expect::ScenarioVerdict;

namespace {

const char* symbol_of(const Tally& tally) {
  if (tally.failed) return symbol(Outcome::failed);
  if (tally.troubled) return "!";
  return symbol(tally.inconclusive ? Outcome::inconclusive : Outcome::passed);
}

std::string scenarios_in_words(const Tally& tally) {
  if (tally.passed == tally.all()) return count(tally.all(), "scenario") + " passed";
  std::string text;
  const auto add = [&](int n, const char* one, const char* more) {
    if (!n) return;
    text += text.empty() ? fmt::format("{} of {} {}", n, count(tally.all(), "scenario"), n == 1 ? one : more)
                         : fmt::format(", {} {}", n, n == 1 ? one : more);
  };
  add(tally.failed, "failed", "failed");
  add(tally.inconclusive, "is inconclusive", "are inconclusive");
  add(tally.troubled, "could not be carried out", "could not be carried out");
  return text;
}

}  // namespace

void Tally::add(Outcome outcome) {
  ++(outcome == Outcome::passed ? passed : outcome == Outcome::failed ? failed : inconclusive);
}

Tally scenarios(std::span<const ScenarioVerdict> verdicts) {
  Tally tally;
  for (const auto& verdict : verdicts)
    if (verdict.trouble.empty())
      tally.add(verdict.outcome);
    else
      ++tally.troubled;
  return tally;
}

Tally expectations(const ScenarioVerdict& verdict) {
  Tally tally;
  for (const auto& finding : verdict.findings) tally.add(finding.outcome);
  for (const auto& summary : verdict.summaries)
    if (has_limit(summary)) tally.add(summary.outcome);
  return tally;
}

Tally expectations(const expect::Rounds& rounds) {
  Tally tally;
  for (const auto& summary : rounds.summaries)
    if (has_limit(summary)) tally.add(summary.outcome);
  return tally;
}

std::string rounds_line(const expect::Rounds& rounds) {
  std::string text;
  const auto add = [&](int n, const char* what) {
    if (n) text += fmt::format("{} {} {}", text.empty() ? ":" : ",", n, what);
  };
  add(rounds.passed, "passed");
  add(rounds.failed, "failed");
  add(rounds.inconclusive, "inconclusive");
  add(rounds.troubled, "not carried out");
  return count(rounds.all(), "round") + text;
}

Outcome outcome_of(std::span<const ScenarioVerdict> verdicts) {
  if (verdicts.empty()) return Outcome::inconclusive;
  Outcome outcome = Outcome::passed;
  for (const auto& verdict : verdicts)
    outcome = expect::worse(outcome, verdict.trouble.empty() ? verdict.outcome : Outcome::failed);
  for (const auto& rounds : expect::over_rounds(verdicts)) outcome = expect::worse(outcome, rounds.outcome);
  return outcome;
}

std::string verdict_line(std::span<const ScenarioVerdict> verdicts) {
  if (verdicts.empty()) return "? no scenario was run";
  int held = 0, all = 0;
  for (const auto& verdict : verdicts) {
    const auto tally = expectations(verdict);
    held += tally.passed;
    all += tally.all();
  }
  for (const auto& rounds : expect::over_rounds(verdicts)) {
    const auto tally = expectations(rounds);
    held += tally.passed;
    all += tally.all();
  }
  const auto tally = scenarios(verdicts);
  const auto outcome = outcome_of(verdicts);
  const bool is_of_rounds = tally.passed == tally.all() && outcome != Outcome::passed;
  const auto text = is_of_rounds ? fmt::format("{} {}, but not what is judged over all rounds",
                                               symbol(outcome), scenarios_in_words(tally))
                                 : fmt::format("{} {}", symbol_of(tally), scenarios_in_words(tally));
  if (all == 0) return text + "; there were no expectations";
  return text + (held == all ? fmt::format("; {} held", count(all, "expectation"))
                             : fmt::format("; {} of {} held", held, count(all, "expectation")));
}

}  // namespace lblab::report
