#include "lab/report/story.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace lblab::report {

using expect::Done;
using expect::Finding;
using expect::Moment;
using expect::Outcome;
using expect::ScenarioVerdict;

namespace {

bool is_same(const Moment& a, const Moment& b) {
  return a.actor == b.actor && a.kind == b.kind && a.text == b.text;
}

void add_steps(const ScenarioVerdict& verdict, std::vector<Line>& lines) {
  std::set<model::Mark> judged;
  for (const auto& finding : verdict.findings) judged.insert(finding.mark);
  int number = 0;
  for (const auto& step : verdict.steps) {
    if (step.is_fault)
      lines.push_back({.at = step.at, .what = &step, .fault = ++number});
    else if (!judged.contains(step.mark))
      lines.push_back({.at = step.at, .what = &step});
  }
}

void add_moments(const ScenarioVerdict& verdict, std::vector<Line>& lines) {
  std::set<std::string> done;
  for (const auto& step : verdict.steps) done.insert(step.text);
  for (const auto& moment : verdict.moments)
    if (moment.actor != "scenario" || !done.contains(moment.text))
      lines.push_back({.at = moment.at, .what = &moment});
}

/// Of one instant, what happened comes first, then what was found (by it), then the next step (with which the
/// finding's window closed): the order of the variant.
bool is_before(const Line& a, const Line& b) {
  return std::pair(a.at, a.what.index()) < std::pair(b.at, b.what.index());
}

std::vector<Line> folded(const std::vector<Line>& lines) {
  std::vector<Line> out;
  const Moment* last = nullptr;
  for (const auto& line : lines) {
    const auto* moment = std::get_if<const Moment*>(&line.what);
    if (moment && last && is_same(**moment, *last))
      ++out.back().times;
    else
      out.push_back(line);
    last = moment ? *moment : nullptr;
  }
  return out;
}

}  // namespace

std::vector<Line> story(const ScenarioVerdict& verdict) {
  std::vector<Line> lines;
  add_steps(verdict, lines);
  add_moments(verdict, lines);
  for (const auto& finding : verdict.findings) lines.push_back({.at = finding.to, .what = &finding});
  for (auto& line : lines)
    if (!std::isfinite(line.at)) line.at = 0;  // not a number has no place in an order
  std::stable_sort(lines.begin(), lines.end(), is_before);
  return folded(lines);
}

std::vector<const Done*> faults(const ScenarioVerdict& verdict) {
  std::vector<const Done*> found;
  for (const auto& step : verdict.steps)
    if (step.is_fault) found.push_back(&step);
  return found;
}

int fault_number(const ScenarioVerdict& verdict, const expect::Outage& outage) {
  int number = 0, found = 0;
  for (const auto* fault : faults(verdict)) {
    ++number;
    if (fault->text == outage.fault && (!found || fault->at <= outage.from)) found = number;
  }
  return found;
}

std::vector<std::variant<const Finding*, const expect::Summary*>> what_failed(
    const ScenarioVerdict& verdict) {
  std::vector<std::variant<const Finding*, const expect::Summary*>> found;
  for (const auto outcome : {Outcome::failed, Outcome::inconclusive}) {
    for (const auto& finding : verdict.findings)
      if (finding.outcome == outcome) found.emplace_back(&finding);
    for (const auto& summary : verdict.summaries)
      if (summary.outcome == outcome) found.emplace_back(&summary);
  }
  return found;
}

OwnStory own_story(const Finding& finding) {
  constexpr std::size_t at_either_end = 20;
  OwnStory own;
  for (const auto& line : finding.story)
    (line.starts_with("likely: ") ? own.causes : own.rest).push_back(line);
  if (own.rest.size() <= 2 * at_either_end + 1) return own;
  const auto from = own.rest.begin() + at_either_end, to = own.rest.end() - at_either_end;
  const auto gap = "… " + std::to_string(to - from) + " more: see the story …";
  own.rest.insert(own.rest.erase(from, to), gap);
  return own;
}

const std::string& text_of(const Moment& moment) { return moment.text.empty() ? moment.kind : moment.text; }

bool has_limit(const expect::Summary& summary) {
  return !summary.seen.empty() || summary.outcome != Outcome::passed;
}

}  // namespace lblab::report
