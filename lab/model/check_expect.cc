#include "lab/model/check_expect.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

/// `what` is judged by a probe's records.
void needs_traffic(const View& what, std::string_view probe, ScenarioScope& scope) {
  if (!scope.traffic(probe).given())
    scope.report(what.name_mark(), fmt::format("{} without {} traffic", what.name(), probe),
                 fmt::format("add to the scenario traffic: {{{}: {{to: …}}}}", probe));
}

void check_route(const View&, const View& expect, bool, ScenarioScope& scope) {
  scope.check_host(expect["in"], Sort::host);
  scope.check_hosts_or_service(expect["via"]);
}

void check_sessions(const View& sessions, const View& expect, bool, ScenarioScope& scope) {
  scope.check_hosts(sessions, Sort::host);
  const View in = expect["in"];
  if (scope.check_host(in, Sort::node) && !scope.lab().speaks_bgp(in.as<std::string>()))
    scope.report(in.mark(), fmt::format("no BGP agent runs on {}", shown(in.as<std::string>())),
                 "name a router with bgp or a route-reflector");
}

void check_real_servers(const View& servers, const View& expect, bool, ScenarioScope& scope) {
  scope.check_hosts(servers, Sort::web_pod);
  const View in = expect["in"];
  if (!scope.check_host(in, Sort::load_balancer)) return;
  const auto balancer = in.as<std::string>();
  const auto service = scope.lab().pod(balancer)->service;
  for (const View& server : servers.each()) {
    const auto name = server.as<std::string>();
    if (const auto pod = scope.lab().pod(name); pod && pod->service != service)
      scope.report(server.mark(), fmt::format("'{}' is a pod of service '{}'", name, pod->service),
                   fmt::format("'{}' balances service '{}'", balancer, service));
  }
}

void check_pattern(const View& event, ScenarioScope& scope) {
  const auto members = event.each();
  if (members.empty() && event.ok())
    scope.report(event.name_mark(), "an event without members is any event",
                 "add event: NAME, host: HOST, …");
  const View host = event.at("host");
  if (host.given() && host.ok() && host.as<std::string>() != "fabric" &&
      !scope.lab().has_gateway(host.as<std::string>()))
    scope.check_host(host, Sort::host);
}

void check_event(const View& event, const View&, bool, ScenarioScope& scope) { check_pattern(event, scope); }

void check_order(const View& order, const View&, bool, ScenarioScope& scope) {
  for (const View& event : order.each()) check_pattern(event, scope);
}

void check_outage(const View& outage, const View&, bool, ScenarioScope& scope) {
  needs_traffic(outage, "udp", scope);
  const View min = outage["min"], max = outage["max"];
  if (min.ok() && max.ok() && min.as<milliseconds>() > max.as<milliseconds>())
    scope.report(min.mark(), "min is more than max", "exchange them");
}

void check_requests(const View& requests, const View&, bool, ScenarioScope& scope) {
  needs_traffic(requests, "http", scope);
}

void check_flows(const View& flows, const View&, bool, ScenarioScope& scope) {
  needs_traffic(flows, "flows", scope);
  const View survive = flows["survive"], count = scope.traffic("flows")["count"];
  if (survive.ok() && count.ok() && survive.as<std::int64_t>() > count.as<std::int64_t>())
    scope.report(survive.mark(),
                 fmt::format("{} of {} flows", survive.as<std::int64_t>(), count.as<std::int64_t>()),
                 "let fewer survive, or add to the traffic's count");
}

void check_moved(const View& moved, const View&, bool, ScenarioScope& scope) {
  needs_traffic(moved, "udp", scope);
}

void check_fairness(const View& fairness, const View&, bool, ScenarioScope& scope) {
  bool has_any = false;
  for (const auto probe : {"udp", "http", "flows"}) has_any = has_any || scope.traffic(probe).given();
  if (!has_any) needs_traffic(fairness, "http", scope);
  if (const View p = fairness["p"]; p.ok() && p.as<double>() == 0)
    scope.report(p.mark(), "a p of 0 never fails", "write how rarely it may fail by chance, as 1e-6");
}

void check_source(const View& source, const View&, bool has_connected, ScenarioScope& scope) {
  scope.check_hosts_or_service(source["is"]);
  const View of = source["of"];
  if (!of.ok()) return;
  if (of.as<std::string>() != "connect")
    needs_traffic(source, of.as<std::string>(), scope);
  else if (!has_connected)
    scope.report(of.mark(), "no step before it is a connect", "add before it connect: {from: …, to: …}");
}

void check_counters(const View& counters, const View&, bool, ScenarioScope& scope) {
  for (const auto word : counter_words)
    if (const View in = counters[word]["in"]; in.ok() && !scope.lab().has_gateway(in.as<std::string>()))
      scope.check_host(in, Sort::host);
}

using Check = void (*)(const View& subject, const View& expect, bool has_connected, ScenarioScope&);
constexpr std::pair<std::string_view, Check> checks[]{
    {"route", check_route},       {"sessions", check_sessions}, {"real-servers", check_real_servers},
    {"event", check_event},       {"order", check_order},       {"outage", check_outage},
    {"requests", check_requests}, {"flows", check_flows},       {"flows-moved", check_moved},
    {"fairness", check_fairness}, {"source", check_source},     {"counters", check_counters},
};

}  // namespace

void check_expect(const View& expect, bool has_connected, ScenarioScope& scope) {
  const auto subject = expect.only("subject");
  if (!subject) return;
  for (const auto& [name, check] : checks)
    if (subject->name() == name) check(*subject, expect, has_connected, scope);
}

}  // namespace lblab::model
