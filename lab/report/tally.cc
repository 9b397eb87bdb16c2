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

std::string verdict_line(std::span<const ScenarioVerdict> verdicts) {
  if (verdicts.empty()) return "? no scenario was run";
  int held = 0, all = 0;
  for (const auto& verdict : verdicts) {
    const auto tally = expectations(verdict);
    held += tally.passed;
    all += tally.all();
  }
  const auto tally = scenarios(verdicts);
  const auto text = fmt::format("{} {}", symbol_of(tally), scenarios_in_words(tally));
  if (all == 0) return text + "; there were no expectations";
  return text + (held == all ? fmt::format("; {} held", count(all, "expectation"))
                             : fmt::format("; {} of {} held", held, count(all, "expectation")));
}

}  // namespace lblab::report
