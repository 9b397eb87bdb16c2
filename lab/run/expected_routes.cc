#include "lab/run/expected_routes.hpp"

namespace lblab::run {

namespace {

/// The node's address on a network that the router shares with it.
std::string address_towards(const model::Node& router, const model::Node& node) {
  for (const auto& ours : router.interfaces)
    for (const auto& theirs : node.interfaces)
      if (ours.network == theirs.network) return theirs.address.address.str();
  return {};
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
        const auto& seat = placement.seats.at(name);
        if (placement.away.contains(name) || placement.away.contains(seat.node)) continue;
        next_hops.insert(address_towards(router, *cluster.node(seat.node)));
      }
    }
  }
  return table;
}

}  // namespace lblab::run
