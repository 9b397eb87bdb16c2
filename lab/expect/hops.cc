#include "lab/expect/hops.hpp"

#include <algorithm>

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
