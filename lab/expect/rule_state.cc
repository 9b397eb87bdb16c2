#include <fmt/format.h>

#include <functional>

#include "lab/expect/causes.hpp"
#include "lab/expect/words.hpp"

/// What is to come to hold, to go on holding, or never to: routes, sessions, tables of real servers.
namespace lblab::expect {

namespace {

using When = model::Expectation::When;

/// A BGP hold time is at least 3 s, and a keepalive due every third of it (RFC 4271, 4.2 and 4.4); health
/// checks time out sooner still. When the machine took this much, both may give up on who is alive.
constexpr double patience_of_protocols = 1.0;

struct State {
  const Trial& trial;
  std::string subject;  // "router: 10.1.1.0/24"
  std::string host;
  Wanted wanted;
  std::function<std::string(const Set&)> text;
  std::function<std::vector<std::string>(const Difference&, double)> why;

  std::string at(const Set& value) const { return subject + " " + text(value); }
};

std::string difference_text(const Difference& difference, const Names& names) {
  std::vector<std::string> parts, extra;
  for (const auto& address : difference.extra) extra.push_back(names.label(address));
  if (!difference.missing.empty()) parts.push_back("without " + join(difference.missing));
  if (!extra.empty()) parts.push_back("with " + join(extra) + " too many");
  return join(parts, "as expected");
}

/// Adds why a value at a time is not as expected.
void explain(Ruling& ruling, const State& state, const Set& value, double t) {
  const auto difference = expect::difference(value, state.wanted.hosts, state.trial.names);
  ruling.seen += " (" + difference_text(difference, state.trial.names) + ")";
  ruling.causes = state.why(difference, t);
}

Ruling never_came(const State& state) {
  const Trial& trial = state.trial;
  const double end = std::min(trial.deadline(), trial.window.to), from = trial.window.from;
  const Set value = value_at(*state.wanted.life, end);
  const std::string seen = fmt::format("after {}: {}", duration(end - from), state.at(value));
  auto ruling = too_late(trial, trial.deadline() - from, std::nullopt, from, end, seen);
  explain(ruling, state, value, end);
  if (is_blind(trial.all.facts, state.host, from, end)) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen += "; but an observer lost notifications";
  }
  if (trial.window.to < trial.deadline() - 0.001) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen += "; but the next action began before the time was up";
  }
  return ruling;
}

Ruling came_late(const State& state, const Attained& when) {
  const Trial& trial = state.trial;
  const double from = trial.window.from, deadline = trial.deadline();
  const std::string seen = fmt::format("only after {}", duration(when.t - from));
  const Set before = value_at(*state.wanted.life, deadline);
  if (when.earliest <= deadline) {
    Ruling ruling{Outcome::inconclusive,
                  fmt::format("some time between {} and {}: it was not looked at in between",
                              duration(when.earliest - from), duration(when.t - from))};
    return ruling;
  }
  auto ruling = too_late(trial, deadline - from, when.earliest - deadline, from, when.t, seen);
  ruling.seen += fmt::format("; after {}: {}", duration(deadline - from), state.at(before));
  explain(ruling, state, before, deadline);
  return ruling;
}

Ruling rule_within(const State& state) {
  const Trial& trial = state.trial;
  const auto when = attained(phases(state.wanted, trial.names), trial.window.from);
  if (!when || when->t > trial.window.to) return never_came(state);
  Ruling ruling;
  if (when->t > trial.deadline()) {
    ruling = came_late(state, *when);
  } else {
    const Set value = value_at(*state.wanted.life, when->t);
    ruling = {Outcome::passed, when->at_once ? state.at(value) + ", already so when it began"
                                             : fmt::format("{} after {}", state.at(value),
                                                           duration(when->t - trial.window.from))};
  }
  ruling.measured = when->t - trial.window.from;
  ruling.unit = "s";
  ruling.could_be_less = trial.all.noise.could_delay(trial.window.from, when->t);
  return ruling;
}

/// `forbidden`: whether phases that match are the wrong ones (never), or those that do not (throughout).
Ruling rule_always(const State& state, bool forbidden) {
  const Trial& trial = state.trial;
  const Noise& noise = trial.all.noise;
  const double from = trial.window.from, end = std::min(trial.deadline(), trial.window.to);
  std::optional<Ruling> doubt;
  for (const auto& [span, matches] : phases(state.wanted, trial.names)) {
    if (matches != forbidden) continue;
    const bool is_certain = noise.could_be_as_early_as(span.end_earliest) > from && span.begin <= end;
    const bool is_possible = span.end > from && noise.could_be_as_early_as(span.begin_earliest) <= end;
    if (!is_certain && !is_possible) continue;
    const double since = std::max(span.begin, from);
    const std::string lasted = span.end > trial.window.to ? "" : " for " + duration(span.end - since);
    Ruling ruling{Outcome::failed,
                  fmt::format("after {}: {}{}", duration(since - from), state.at(span.value), lasted)};
    if (!forbidden) explain(ruling, state, span.value, since);
    if (!is_certain) {
      ruling.outcome = Outcome::inconclusive;
      ruling.seen += "; but it is not certain that this was in the window";
      if (!doubt) doubt = ruling;
      continue;
    }
    if (!forbidden && noise.could_delay(from, since) > patience_of_protocols) {
      ruling.outcome = Outcome::inconclusive;
      ruling.seen += "; but " + lateness_text(noise, from, since) + ": timers may have run out for nothing";
    }
    return ruling;
  }
  if (doubt) return *doubt;
  const std::string held = fmt::format("for {}: {}", duration(end - from),
                                       forbidden ? "never so" : state.at(value_at(*state.wanted.life, end)));
  if (is_blind(trial.all.facts, state.host, from, end))
    return {Outcome::inconclusive, held + ", as far as seen; but an observer lost notifications"};
  if (trial.deadline() > trial.window.to + 0.001)
    return {Outcome::inconclusive, held + "; but the next action began before the time was up"};
  return {Outcome::passed, held};
}

Ruling rule_state(const State& state) {
  if (state.trial.is(When::within)) return rule_within(state);
  return rule_always(state, state.trial.is(When::never));
}

}  // namespace

Ruling rule(const model::RouteExpectation& e, const Trial& trial) {
  return rule_state(
      {trial, e.host + ": " + e.route.str(), e.host, wanted(trial.expectation, trial.all.facts, trial.names),
       [&](const Set& value) { return value.empty() ? "absent" : "via " + trial.names.labels(value); },
       [&](const Difference& difference, double t) { return why_route(trial, e, difference, t); }});
}

Ruling rule(const model::SessionExpectation& e, const Trial& trial) {
  return rule_state(
      {trial, e.host + ":", e.host, wanted(trial.expectation, trial.all.facts, trial.names),
       [&](const Set& value) {
         return "sessions with " + (value.empty() ? "nobody" : trial.names.labels(value));
       },
       [&](const Difference& difference, double t) { return why_sessions(trial, e.host, difference, t); }});
}

Ruling rule(const model::IpvsExpectation& e, const Trial& trial) {
  return rule_state({trial, e.host + ":", e.host, wanted(trial.expectation, trial.all.facts, trial.names),
                     [&](const Set& value) { return "real servers " + trial.names.labels(value); },
                     [&](const Difference& difference, double t) {
                       return why_real_servers(trial, e.host, difference, t);
                     }});
}

}  // namespace lblab::expect
