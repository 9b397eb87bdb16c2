#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/expect/causes.hpp"
#include "lab/expect/describe.hpp"
#include "lab/expect/pattern.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using nlohmann::json;
using When = model::Expectation::When;

std::string host_in(const model::EventPattern& pattern) {
  const auto host = pattern.find("host");
  return host == pattern.end() ? "" : host->second;
}

/// The event without what every event has.
std::string text(const json& event) {
  json shown = event;
  for (const char* member : {"t", "time", "earliest", "next-hops"}) shown.erase(member);
  return shown.dump();
}

/// Events of the kind that came, though not as expected.
std::vector<std::string> instead(const Trial& trial, const model::EventPattern& pattern) {
  constexpr size_t most = 3;
  std::vector<std::string> lines;
  const auto kind = pattern.find("event");
  for (const auto& event : trial.all.evidence.events) {
    const double t = event.value("t", 0.0);
    if (kind == pattern.end() || lines.size() == most) break;
    if (t < trial.window.from || t > trial.window.to || event.value("event", "") != kind->second ||
        matches(pattern, event, trial.names))
      continue;
    lines.push_back(fmt::format("what came instead, at {}: {}", offset(t - trial.window.from), text(event)));
  }
  if (lines.empty() && kind != pattern.end())
    lines.push_back(fmt::format("no event of kind {} came at all", kind->second));
  const auto more = dead_ends(trial, trial.window.from, trial.window.to);
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

FirstMatches first_matches(const Trial& trial, const std::vector<model::EventPattern>& patterns) {
  FirstMatches matches{patterns, trial.window.from};
  for (const auto& event : trial.all.evidence.events)
    if (event.value("t", 0.0) <= trial.window.to) matches.take(event, trial.names);
  return matches;
}

Ruling absent(const Trial& trial, const model::EventPattern& pattern) {
  const double from = trial.window.from, end = std::min(trial.deadline(), trial.window.to);
  auto ruling = too_late(trial, trial.deadline() - from, std::nullopt, from, end,
                         fmt::format("{} did not come in {}", describe(pattern), duration(end - from)));
  ruling.causes = instead(trial, pattern);
  if (is_blind(trial.all.facts, host_in(pattern), from, end)) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen += "; but an observer lost notifications";
  }
  return ruling;
}

Ruling came(const Trial& trial, const Happened& event) {
  const double from = trial.window.from, deadline = trial.deadline();
  Ruling ruling;
  if (event.t <= deadline)
    ruling = {Outcome::passed, "after " + duration(event.t - from)};
  else if (event.earliest <= deadline)
    ruling = {Outcome::inconclusive,
              fmt::format("some time between {} and {}: it was not looked at in between",
                          duration(event.earliest - from), duration(event.t - from))};
  else
    ruling = too_late(trial, deadline - from, event.earliest - deadline, from, event.t,
                      "only after " + duration(event.t - from));
  ruling.measured = event.t - from;
  ruling.unit = "s";
  ruling.could_be_less = trial.all.noise.could_delay(from, event.t);
  return ruling;
}

Ruling rule_never(const Trial& trial, const model::EventPattern& pattern) {
  const double from = trial.window.from, end = std::min(trial.deadline(), trial.window.to);
  std::optional<Ruling> doubt;
  for (const auto& event : trial.all.evidence.events) {
    const Happened at = happened(event);
    const double earliest = trial.all.noise.could_be_as_early_as(at.earliest);
    if (at.t < from || earliest > end || !matches(pattern, event, trial.names)) continue;
    const std::string seen = fmt::format("at {}: {}", offset(at.t - from), text(event));
    if (earliest >= from && at.t <= end) return {Outcome::failed, seen};
    if (!doubt) doubt = Ruling{Outcome::inconclusive, seen + ", which may have been outside of the window"};
  }
  if (doubt) return *doubt;
  const std::string seen = "none in " + duration(end - from);
  if (is_blind(trial.all.facts, host_in(pattern), from, end))
    return {Outcome::inconclusive, seen + ", as far as seen; but an observer lost notifications"};
  return {Outcome::passed, seen};
}

/// Whether a came before b; nothing: their times do not tell.
std::optional<bool> is_before(const Happened& a, const Happened& b, const Noise& noise) {
  const bool is_one_source = a.source == b.source;
  const double a_from = is_one_source ? a.earliest : noise.could_be_as_early_as(a.earliest);
  const double b_from = is_one_source ? b.earliest : noise.could_be_as_early_as(b.earliest);
  if (a.t <= b_from) return true;
  if (b.t < a_from) return false;
  return std::nullopt;
}

}  // namespace

Ruling rule(const model::EventExpectation& e, const Trial& trial) {
  if (trial.is(When::never)) return rule_never(trial, e.event);
  const auto found = first_matches(trial, {e.event}).found().front();
  return found ? came(trial, *found) : absent(trial, e.event);
}

Ruling rule(const model::OrderExpectation& e, const Trial& trial) {
  const auto found = first_matches(trial, e.events).found();
  const double from = trial.window.from;
  for (size_t i = 0; i < found.size(); ++i)
    if (!found[i]) return absent(trial, e.events[i]);
  std::vector<std::string> times;
  for (size_t i = 0; i < found.size(); ++i)
    times.push_back(fmt::format("{} at {}", describe(e.events[i]), offset(found[i]->t - from)));
  Ruling ruling{Outcome::passed, join(times)};
  for (size_t i = 1; i < found.size(); ++i) {
    const auto before = is_before(*found[i - 1], *found[i], trial.all.noise);
    if (before && *before) continue;
    const std::string pair = fmt::format("{} came {} before {}", describe(e.events[i]),
                                         duration(found[i - 1]->t - found[i]->t), describe(e.events[i - 1]));
    if (before) {
      ruling.outcome = Outcome::failed;
      ruling.causes.push_back(pair);
    } else if (ruling.outcome == Outcome::passed) {
      ruling.outcome = Outcome::inconclusive;
      ruling.causes.push_back("their times overlap: they were sampled, or the machine was late, " +
                              duration(found[i - 1]->t - found[i]->t));
    }
  }
  if (ruling.outcome != Outcome::passed || found.empty()) return ruling;
  const auto last = came(trial, *found.back());
  if (last.outcome != Outcome::passed) return last;
  ruling.measured = last.measured;
  ruling.unit = last.unit;
  ruling.could_be_less = last.could_be_less;
  return ruling;
}

}  // namespace lblab::expect
