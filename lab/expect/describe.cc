#include "lab/expect/describe.hpp"

#include <fmt/format.h>
#include <string.h>

#include <limits>

#include "lab/expect/counters.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using namespace model;

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? name : std::to_string(number);
}

std::string process_text(const std::string& host, const std::string& process) {
  return (process.empty() ? "all processes" : process) + " in " + host;
}

std::string link_text(const std::string& host, const std::string& interface) {
  return interface.empty() ? host + "'s first link" : host + "'s " + interface;
}

std::string drawn_text(const Drawn<int>& n) {
  return n.is_fixed() ? std::to_string(n.min) : fmt::format("{} to {}", n.min, n.max);
}

std::string drawn_text(const Drawn<milliseconds>& time) {
  return time.is_fixed() ? limit_text(time.min)
                         : fmt::format("{} to {}", limit_text(time.min), limit_text(time.max));
}

std::string impairment_text(const Impairment& i) {
  std::vector<std::string> parts;
  if (i.delay.count())
    parts.push_back(
        fmt::format("delay {}{}", limit_text(i.delay), i.jitter.count() ? " ± " + limit_text(i.jitter) : ""));
  if (i.loss > 0) parts.push_back(fmt::format("loss {:g} %", i.loss));
  if (i.duplicate > 0) parts.push_back(fmt::format("duplicates {:g} %", i.duplicate));
  if (i.reorder > 0) parts.push_back(fmt::format("reordering {:g} %", i.reorder));
  if (i.rate_bits) parts.push_back(fmt::format("rate {:g} Mbit/s", static_cast<double>(i.rate_bits) / 1e6));
  return join(parts, "nothing");
}

struct StepText {
  std::string operator()(const KillProcess& s) const {
    return fmt::format("kill {} ({}{})", process_text(s.host, s.process), signal_name(s.signal),
                       s.restart ? "" : ", never again");
  }
  std::string operator()(const StartProcess& s) const { return "start " + process_text(s.host, s.process); }
  std::string operator()(const FreezeProcess& s) const {
    return "freeze " + process_text(s.host, s.process) + " (STOP)";
  }
  std::string operator()(const ThawProcess& s) const {
    return "thaw " + process_text(s.host, s.process) + " (CONT)";
  }
  std::string operator()(const DeletePod& s) const { return "delete " + s.pod; }
  std::string operator()(const CrashHost& s) const { return "crash " + s.host; }
  std::string operator()(const RecoverHost& s) const { return "recover " + s.host; }
  std::string operator()(const PartitionHost& s) const { return "partition " + s.host; }
  std::string operator()(const HealHost& s) const { return "heal " + s.host; }
  std::string operator()(const SetLinkState& s) const {
    return fmt::format("{} goes {}", link_text(s.host, s.interface), s.up ? "up" : "down");
  }
  std::string operator()(const FlapLink& s) const {
    return fmt::format("{} flaps {} times, every {}", link_text(s.host, s.interface), s.times,
                       limit_text(s.period));
  }
  std::string operator()(const ImpairLink& s) const {
    static constexpr const char* ways[] = {"", ", sending", ", receiving"};
    return fmt::format("impair {}{}: {}", link_text(s.host, s.interface), ways[static_cast<int>(s.direction)],
                       impairment_text(s.impairment));
  }
  std::string operator()(const RepairLink& s) const { return "repair " + link_text(s.host, s.interface); }
  std::string operator()(const ScaleService& s) const {
    std::vector<std::string> parts;
    if (s.pods) parts.push_back(drawn_text(*s.pods) + " pods");
    if (s.load_balancers) parts.push_back(drawn_text(*s.load_balancers) + " load balancers");
    return "scale " + s.service + " to " + join_and(parts);
  }
  std::string operator()(const ReloadProcess& s) const {
    return "reload " + process_text(s.host, s.process) + " (HUP)";
  }
  std::string operator()(const Connect& s) const { return "connect " + s.from + " to " + s.to; }
  std::string operator()(const Wait& s) const { return "wait " + drawn_text(s.time); }
  std::string operator()(const Expectation& e) const { return "expect " + describe(e); }
  std::string operator()(const Repeat& r) const { return fmt::format("repeat {} times", r.times); }
  std::string operator()(const OneOf& o) const { return fmt::format("one of {}", o.steps.size()); }
};

struct WhatText {
  std::string operator()(const RouteExpectation& e) const {
    return fmt::format("{}: {} {}", e.host, e.route.str(), e.via.empty() ? "absent" : "via " + join(e.via));
  }
  std::string operator()(const SessionExpectation& e) const {
    return e.host + ": BGP sessions with " + join(e.with, "nobody");
  }
  std::string operator()(const IpvsExpectation& e) const {
    return e.host + ": real servers " + join(e.real_servers);
  }
  std::string operator()(const EventExpectation& e) const { return "event " + describe(e.event); }
  std::string operator()(const OrderExpectation& e) const {
    std::vector<std::string> all;
    for (const auto& pattern : e.events) all.push_back(describe(pattern));
    return fmt::format("events in order: {}", fmt::join(all, ", then "));
  }
  std::string operator()(const OutageExpectation& e) const {
    std::vector<std::string> parts;
    if (e.max) parts.push_back("at most " + limit_text(*e.max));
    if (e.min) parts.push_back("at least " + limit_text(*e.min));
    if (e.p99) parts.push_back("p99 at most " + limit_text(*e.p99));
    return "outage " + join(parts, "of any length");
  }
  std::string operator()(const RequestExpectation& e) const {
    std::vector<std::string> parts;
    if (e.failed == 0)
      parts.emplace_back("every request answered");
    else if (e.failed < std::numeric_limits<int>::max())
      parts.push_back(fmt::format("at most {} failed", count(e.failed, "request")));
    if (e.rate)
      parts.push_back(fmt::format("at least {:g} % of {}", *e.rate * 100,
                                  parts.empty() ? "requests answered" : "those due"));
    if (e.only_in_flight) parts.emplace_back("those in flight when the route changed aside");
    return join(parts, "any number of requests failed");
  }
  std::string operator()(const FlowExpectation& e) const {
    std::vector<std::string> parts;
    if (e.lost) parts.push_back("at most " + count(*e.lost, "long-lived connection") + " lost");
    if (e.survive) parts.push_back("at least " + count(*e.survive, "long-lived connection") + " alive");
    return join(parts, "long-lived connections");
  }
  std::string operator()(const MovedExpectation& e) const {
    return e.needlessly == 0 ? "no flow leaves a next hop that stays"
                             : "at most " + count(e.needlessly, "flow") + " leave a next hop that stays";
  }
  std::string operator()(const FairnessExpectation& e) const {
    static constexpr const char* over[] = {"even shares over next hops", "even shares over real servers",
                                           "next hop and real server independent"};
    return fmt::format("{} (p >= {:g})", over[static_cast<int>(e.over)], e.p);
  }
  std::string operator()(const SourceExpectation& e) const {
    return fmt::format("source seen ({}) is {}", e.of, join(e.is, "nobody"));
  }
  std::string operator()(const CounterExpectation& e) const {
    std::vector<std::string> parts;
    for (const auto& counter : counters) {
      const auto asked = e.bounds.find(std::string(counter.word));
      if (asked == e.bounds.end()) continue;
      const auto& [min, max, in] = asked->second;
      std::vector<std::string> bounds;
      if (min) bounds.push_back(fmt::format("at least {}", *min));
      if (max) bounds.push_back(fmt::format("at most {}", *max));
      parts.push_back(fmt::format("{} {}{}{}", join(bounds), counter.what, in.empty() ? "" : " in ", in));
    }
    return join(parts, "no counter named");
  }
};

struct HostOf {
  std::string operator()(const DeletePod& s) const { return s.pod; }
  template <class S>
  requires requires(const S& s) { s.host; }
  std::string operator()(const S& s) const { return s.host; }
  template <class S>
  std::string operator()(const S&) const {
    return {};
  }
};

/// What was measured, or came, is of a window in any case.
bool is_state(const model::Expectation& expectation) {
  return std::holds_alternative<RouteExpectation>(expectation.what) ||
         std::holds_alternative<SessionExpectation>(expectation.what) ||
         std::holds_alternative<IpvsExpectation>(expectation.what);
}

}  // namespace

std::string describe(const model::Step& step) { return std::visit(StepText{}, step.what); }

std::string describe(const model::Expectation& expectation) {
  const std::string what = std::visit(WhatText{}, expectation.what);
  const bool limited = expectation.limit.count() > 0;
  switch (expectation.when) {
    case Expectation::When::never:
      return "never " + what;
    case Expectation::When::throughout:
      if (limited) return what + " throughout " + limit_text(expectation.limit);
      return is_state(expectation) ? what + " throughout" : what;
    case Expectation::When::within:
      break;
  }
  return what + (limited ? " within " + limit_text(expectation.limit) : "");
}

std::string describe(const model::EventPattern& pattern) {
  std::string kind = "any event";
  std::vector<std::string> parts;
  for (const auto& [member, value] : pattern)
    if (member == "event")
      kind = value;
    else
      parts.push_back(member + " " + value);
  return parts.empty() ? kind : kind + " (" + join(parts) + ")";
}

bool is_action(const model::Step& step) {
  return !std::holds_alternative<Expectation>(step.what) && !std::holds_alternative<Wait>(step.what) &&
         !std::holds_alternative<Connect>(step.what) && !std::holds_alternative<Repeat>(step.what) &&
         !std::holds_alternative<OneOf>(step.what);
}

bool is_harm(const model::Step& step) {
  if (const auto* link = std::get_if<SetLinkState>(&step.what)) return !link->up;
  return std::holds_alternative<KillProcess>(step.what) || std::holds_alternative<FreezeProcess>(step.what) ||
         std::holds_alternative<DeletePod>(step.what) || std::holds_alternative<CrashHost>(step.what) ||
         std::holds_alternative<PartitionHost>(step.what) || std::holds_alternative<FlapLink>(step.what) ||
         std::holds_alternative<ImpairLink>(step.what);
}

std::string host_of(const model::Step& step) { return std::visit(HostOf{}, step.what); }

}  // namespace lblab::expect
