#include "lab/expect/hops.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/words.hpp"

namespace lblab::expect {

std::string balancer_of(const std::string& seen, const Names& names) {
  const std::string host = names.host_of(without_port(seen));
  if (host.empty()) return {};
  return names.balancers_on(names.node_of(host)).contains(host) ? host : "";
}

std::string hop_of(const std::string& seen, const Names& names) {
  const std::string balancer = balancer_of(seen, names);
  return balancer.empty() ? "" : names.node_of(balancer);
}

Set ServiceRoute::hops(double t, const Names& names) const {
  Set nodes;
  for (const auto& address : value_at(*life, t)) nodes.insert(names.host_of(address));
  return nodes;
}

ServiceRoute route_to(const Set& hops, const Trial& trial) {
  ServiceRoute best;
  size_t most = 0;
  for (const auto& [of, life] : trial.all.facts.routes) {
    if (!trial.all.matter.contains(of.second)) continue;
    Set led;
    for (const auto& told : life)
      for (const auto& address : told.value)
        if (const auto node = trial.names.host_of(address); hops.contains(node)) led.insert(node);
    if (led.size() <= most) continue;
    most = led.size();
    best = {&life, of.first, of.second};
  }
  return best;
}

namespace {

/// Addresses that a set had all the time.
Set kept(const Life<Set>& life, double from, double to) {
  Set all = value_at(life, from);
  for (const auto& told : life)
    if (told.t > from && told.t <= to)
      std::erase_if(all, [&](const auto& address) { return !told.value.contains(address); });
  return all;
}

}  // namespace

std::vector<std::string> silent_ways(const Trial& trial, double from, double to) {
  constexpr long enough = 10;  // with fewer, chance may have left one out
  long answered = 0;
  Set hops, servers;
  for (const auto& request : trial.all.evidence.records.requests) {
    const double began = seconds(request.began);
    if (request.end != probe::Request::End::answered || began < from || began > to) continue;
    ++answered;
    hops.insert(hop_of(request.seen, trial.names));
    servers.insert(without_port(request.server));
  }
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& who) {
    const auto line = fmt::format("of {} answered from {} to {} none came by {}", count(answered, "request"),
                                  offset(from - trial.window.from), offset(to - trial.window.from), who);
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
  };
  if (answered < enough) return lines;
  if (const auto route = route_to(hops, trial); route.life)
    for (const auto& address : kept(*route.life, from, to))
      if (!hops.contains(trial.names.host_of(address))) tell(trial.names.label(address));
  for (const auto& [host, life] : trial.all.facts.real_servers)
    for (const auto& address : kept(life, from, to))
      if (!servers.contains(address)) tell(trial.names.label(address));
  return lines;
}

std::vector<double> route_changes(const Case& all, double from, double to) {
  std::vector<double> times;
  for (const auto& [of, life] : all.facts.routes)
    if (all.matter.contains(of.second))
      for (const auto& told : life)
        if (told.t >= from && told.t <= to) times.push_back(told.t);
  std::ranges::sort(times);
  return times;
}

}  // namespace lblab::expect
