#include "lab/expect/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/expect/summary.hpp"

namespace lblab::expect {

namespace {

using Verdicts = std::vector<const ScenarioVerdict*>;

std::vector<Summary> of_expectations(const Verdicts& rounds) {
  struct Line {
    std::vector<const Finding*> findings;
    std::optional<double> limit;
  };
  std::map<model::Mark, Line> lines;
  for (const auto* round : rounds) {
    for (const auto& finding : round->findings)
      if (finding.mark.line > 0) lines[finding.mark].findings.push_back(&finding);
    for (const auto& summary : round->summaries)
      if (summary.limit) lines[summary.mark].limit = summary.limit;
  }
  std::vector<Summary> all;
  for (const auto& [mark, line] : lines) {
    const bool is_measured =
        std::ranges::any_of(line.findings, [](auto* f) { return f->measured.has_value(); });
    if (!line.findings.empty() && (is_measured || line.limit))
      all.push_back(summarize(line.findings, line.limit));
  }
  return all;
}

/// All that was done for one line of the file; `texts` differ where it was drawn at random.
struct Fault {
  std::set<std::string> texts;
  long times = 0;
  std::vector<double> outages, delays;
};

std::map<model::Mark, Fault> faults(const Verdicts& rounds) {
  std::map<model::Mark, Fault> all;
  for (const auto* round : rounds) {
    for (const auto& step : round->steps) {
      if (!step.is_fault || step.mark.line == 0) continue;
      auto& fault = all[step.mark];
      fault.texts.insert(step.text);
      ++fault.times;
    }
    for (const auto& outage : round->outages) {
      if (outage.mark.line == 0) continue;
      auto& fault = all[outage.mark];
      fault.texts.insert(outage.fault);
      fault.outages.push_back(outage.to - outage.from);
      for (const auto& cause : outage.causes)
        if (cause.name == "route changed") fault.delays.push_back(cause.after);
    }
  }
  return all;
}

std::string text_of(const Fault& fault) {
  const auto others = fault.texts.size() - 1;
  return others == 0
             ? *fault.texts.begin()
             : fmt::format("{} (or {} other{})", *fault.texts.begin(), others, others == 1 ? "" : "s");
}

void add_faults(Rounds& to, const Verdicts& rounds) {
  for (auto& [mark, fault] : faults(rounds)) {
    if (fault.outages.empty()) continue;
    fault.outages.resize(std::max(fault.outages.size(), static_cast<size_t>(fault.times)));
    to.outages.push_back(summarize("outage after " + text_of(fault), "s", mark, fault.outages));
    if (!fault.delays.empty())
      to.delays.push_back(summarize("route changed after " + text_of(fault), "s", mark, fault.delays));
  }
}

Rounds together(const Verdicts& rounds) {
  Rounds all{.file = rounds.front()->file, .name = rounds.front()->name};
  Verdicts carried_out;
  for (const auto* round : rounds) {
    if (!round->trouble.empty()) {
      ++all.troubled;
      continue;
    }
    carried_out.push_back(round);
    ++(round->outcome == Outcome::passed   ? all.passed
       : round->outcome == Outcome::failed ? all.failed
                                           : all.inconclusive);
  }
  all.summaries = of_expectations(carried_out);
  for (const auto& summary : all.summaries) all.outcome = worse(all.outcome, summary.outcome);
  add_faults(all, carried_out);
  return all;
}

}  // namespace

std::vector<Rounds> over_rounds(std::span<const ScenarioVerdict> verdicts) {
  std::vector<Verdicts> scenarios;
  for (const auto& verdict : verdicts) {
    const auto same = std::ranges::find_if(scenarios, [&](const Verdicts& others) {
      return others.front()->file == verdict.file && others.front()->name == verdict.name;
    });
    if (same == scenarios.end())
      scenarios.push_back({&verdict});
    else
      same->push_back(&verdict);
  }
  std::vector<Rounds> all;
  for (const auto& rounds : scenarios)
    if (rounds.size() > 1) all.push_back(together(rounds));
  return all;
}

void leave_limits_to_rounds(ScenarioVerdict& verdict) {
  for (auto& summary : verdict.summaries) {
    if (!summary.limit) continue;
    summary.outcome = Outcome::passed;
    summary.seen.clear();
  }
  if (!verdict.trouble.empty()) return;
  verdict.outcome = Outcome::passed;
  for (const auto& finding : verdict.findings) verdict.outcome = worse(verdict.outcome, finding.outcome);
  for (const auto& summary : verdict.summaries) verdict.outcome = worse(verdict.outcome, summary.outcome);
}

}  // namespace lblab::expect
