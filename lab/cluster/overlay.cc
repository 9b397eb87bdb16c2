#include "lab/cluster/overlay.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "lab/cluster/sysctls.hpp"

namespace lblab::cluster {

namespace {

void add_bridge(model::Host& host, const Prefix& pods) {
  host.links.push_back(
      {.name = pod_bridge, .kind = model::Bridge{}, .addresses = {{pod_gateway(pods), pods.length}}});
  override_with(host.sysctls, bridge());
}

void add_routes(const Cluster& cluster, const Node& from, model::Host& host) {
  std::size_t n = 0;
  for (const auto* node : with_role(cluster, Role::node)) {
    const auto pods = pod_prefix(*cluster.overlay, n++);
    if (node == &from) continue;
    if (const auto adjacency = adjacent(from, *node))
      host.routes.push_back(
          {.destination = pods,
           .next_hops = {{.via = adjacency->there->address.address, .link = adjacency->here->name}}});
  }
}

// Not "whatever is outside the node network": the router is inside it, and is a stranger.
std::string masquerade(const Cluster& cluster) {
  std::vector<std::string> members;
  for (const auto* member : overlay_members(cluster))
    for (const auto& interface : member->interfaces)
      if (interface.address.address.bits() == 32) members.push_back(interface.address.address.str());
  const auto pods = cluster.overlay->subnet.network().str();
  return fmt::format(R"(table ip overlay {{
  # What pods send to anyone who does not know the overlay carries the node's address.
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {0} ip daddr != {0} ip daddr != {{ {1} }} masquerade
  }}
}}
)",
                     pods, fmt::join(members, ", "));
}

}  // namespace

void build_overlay(const Cluster& cluster, model::Lab& lab) {
  if (!cluster.overlay) return;
  std::size_t n = 0;
  for (const auto* node : with_role(cluster, Role::node)) {
    auto& host = lab.hosts.at(node->name);
    add_bridge(host, pod_prefix(*cluster.overlay, n++));
    if (cluster.overlay->masquerade) host.nftables = masquerade(cluster);
  }
  for (const auto* member : overlay_members(cluster))
    add_routes(cluster, *member, lab.hosts.at(member->name));
}

}  // namespace lblab::cluster
