#include "lab/run/expected_routes.hpp"

#include <algorithm>

namespace lblab::run {

namespace {

/// The node's address on a network that the router shares with it.
std::string address_towards(const model::Node& router, const model::Node& node) {
  for (const auto& ours : router.interfaces)
    for (const auto& theirs : node.interfaces)
      if (ours.network == theirs.network) return theirs.address.address.str();
  return {};
}

bool is_away(const cluster::Placement& placement, const std::string& pod) {
  return placement.away.contains(pod) || placement.away.contains(placement.seats.at(pod).node);
}

}  // namespace

RouteTable expected_routes(const model::Cluster& cluster, const cluster::Placement& placement) {
  RouteTable table;
  for (const auto& router : cluster.nodes) {
    if (router.role != model::Role::router || !router.bgp) continue;
    for (const auto& service : cluster.services) {
      if (!service.load_balancers) continue;
      auto& next_hops = table[router.name][service.addresses.str()];
      for (int n = 1; n <= service.load_balancers->replicas; ++n) {
        const auto name = cluster::load_balancer_name(service.name, n);
        if (is_away(placement, name)) continue;
        next_hops.insert(address_towards(router, *cluster.node(placement.seats.at(name).node)));
      }
    }
  }
  return table;
}

std::set<std::string> unannounced_balancers(const model::Cluster& cluster,
                                            const cluster::Placement& placement) {
  std::set<std::string> hosts;
  const auto speaks = [](const model::Node& node) { return node.role == model::Role::router && node.bgp; };
  if (std::ranges::any_of(cluster.nodes, speaks)) return hosts;
  for (const auto& service : cluster.services)
    for (int n = 1;
         service.load_balancers && service.pods.replicas > 0 && n <= service.load_balancers->replicas; ++n)
      if (!is_away(placement, cluster::load_balancer_name(service.name, n)))
        hosts.insert(cluster::balancer_host(service, n, placement));
  return hosts;
}

}  // namespace lblab::run
