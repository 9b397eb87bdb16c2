#include "lab/cluster/topology.hpp"

#include <algorithm>

namespace lblab::cluster {

std::vector<const Node*> with_role(const Cluster& cluster, Role role) {
  std::vector<const Node*> found;
  for (const auto& node : cluster.nodes)
    if (node.role == role) found.push_back(&node);
  return found;
}

std::optional<Adjacency> adjacent(const Node& here, const Node& there) {
  for (const auto& ours : here.interfaces)
    for (const auto& theirs : there.interfaces)
      if (ours.network == theirs.network &&
          (ours.is_gateway || theirs.is_gateway || ours.address.network() == theirs.address.network()))
        return Adjacency{&ours, &theirs};
  return std::nullopt;
}

std::optional<model::Bgp> speaker(const Node& node) {
  if (node.role == Role::route_reflector) return node.bgp.value_or(model::Bgp{});
  return node.role == Role::router ? node.bgp : std::nullopt;
}

Prefix pod_prefix(const model::Overlay& overlay, std::size_t n) {
  const int host_bits = overlay.subnet.address.bits() - overlay.node_prefix;
  const auto offset = host_bits < 64 ? (std::uint64_t{n} + 1) << host_bits : 0;
  return {overlay.subnet.network().address + offset, overlay.node_prefix};
}

std::vector<const Node*> overlay_members(const Cluster& cluster) {
  if (!cluster.overlay) return {};
  auto members = with_role(cluster, Role::node);
  for (const auto* reflector : with_role(cluster, Role::route_reflector)) members.push_back(reflector);
  return members;
}

bool uses_ipv6(const Cluster& cluster) {
  const auto six = [](const Prefix& prefix) { return prefix.address.bits() == 128; };
  if (cluster.overlay && six(cluster.overlay->subnet)) return true;
  for (const auto& network : cluster.networks)
    if (six(network.subnet)) return true;
  for (const auto& service : cluster.services)
    if (six(service.addresses)) return true;
  for (const auto& link : cluster.links)
    for (const auto& end : link.ends)
      if (end.address && six(*end.address)) return true;
  return false;
}

}  // namespace lblab::cluster
