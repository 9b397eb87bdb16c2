#include "lab/cluster/overlay.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lab/cluster/cloud.hpp"
#include "lab/cluster/routing.hpp"
#include "lab/cluster/sysctls.hpp"
#include "lab/daemons/overlayd.hpp"

namespace lblab::cluster {

namespace {

using Backend = model::Overlay::Backend;

constexpr int ethernet_mtu = 1500;

/// What a backend puts before a pod's packet.
int overhead_bytes(Backend backend) {
  constexpr int ipv4 = 20, udp = 8, vxlan = 8, ethernet = 14;
  switch (backend) {
    case Backend::host_gw:
      return 0;
    case Backend::vxlan:
      return ipv4 + udp + vxlan + ethernet;  // RFC 7348, 5
    case Backend::udp:
      return ipv4 + udp;
    case Backend::ipip:
      return ipv4;  // RFC 2003, 3
  }
  return 0;
}

/// One that knows the overlay.
struct Member {
  const Node* node;
  std::optional<Prefix> prefix;  // its pods', or a reflector's own (reflector_prefix)
};

/// The interface by which the other members reach it: on the first node's network.
const model::Interface* underlay(const Cluster& cluster, const Node& node) {
  const auto& first = *with_role(cluster, Role::node).front();
  const model::Interface* found = nullptr;
  for (const auto& own : node.interfaces) {
    if (own.address.address.bits() != 32) continue;
    if (!found) found = &own;
    for (const auto& other : first.interfaces)
      if (other.network == own.network) return &own;
  }
  return found;
}

/// Of the member's own device, and so known to all: of its address in the node network.
std::string mac_of(const Address& address) {
  const auto bytes = address.bytes();
  return fmt::format("02:00:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]);
}

class Overlay {
 public:
  Overlay(const Cluster& cluster, const Placement& placement, model::Lab& lab)
      : cluster_(cluster), backend_(cluster.overlay->backend), lab_(lab) {
    std::size_t n = 0;
    for (const auto* node : with_role(cluster, Role::node)) {
      const auto pods = pod_prefix(*cluster.overlay, n++);
      if (!placement.away.contains(node->name)) nodes_.push_back({node, pods});
    }
    members_ = nodes_;
    for (const auto* reflector : with_role(cluster, Role::route_reflector))
      if (!placement.away.contains(reflector->name))
        members_.push_back({reflector, reflector_prefix(cluster, *reflector)});
  }

  void build() {
    for (const auto& node : nodes_) add_bridge(node);
    for (const auto& member : members_) {
      if (backend_ != Backend::host_gw && !add_device(member)) continue;
      for (const auto& other : members_)
        if (other.prefix && other.node != member.node) connect(member, other);
      if (backend_ == Backend::udp) run_overlayd(member);
    }
  }

 private:
  model::Host& host(const Member& member) { return lab_.hosts.at(member.node->name); }

  void add_bridge(const Member& node) {
    host(node).links.push_back({.name = pod_bridge,
                                .kind = model::Bridge{},
                                .mtu = pod_link_mtu(cluster_),
                                .addresses = {{pod_gateway(*node.prefix), node.prefix->length}}});
    override_with(host(node).sysctls, bridge());
  }

  /// False: the member has no address to wrap packets with.
  bool add_device(const Member& member) {
    const auto* interface = underlay(cluster_, *member.node);
    if (!interface) return false;
    const auto& local = interface->address.address;
    model::Link device{.name = overlay_link, .kind = model::Tun{}, .mtu = overlay_mtu(cluster_)};
    if (backend_ == Backend::vxlan) {
      device.kind = model::Vxlan{.local = local, .underlay = interface->name};
      device.mac = mac_of(local);
    } else if (backend_ == Backend::ipip) {
      device.kind = model::Ipip{.local = local, .remote = {}};
    }
    if (member.prefix && member.node->role == Role::route_reflector)
      device.addresses.push_back({pod_gateway(*member.prefix), pod_gateway(*member.prefix).bits()});
    host(member).links.push_back(std::move(device));
    return true;
  }

  void connect(const Member& from, const Member& to) {
    if (backend_ == Backend::host_gw) return route_by_neighbour(from, to);
    const auto* far = underlay(cluster_, *to.node);
    if (!far) return;
    const auto& remote = far->address.address;
    model::Route route{.destination = *to.prefix, .next_hops = {{.link = overlay_link}}};
    if (from.prefix) route.source = pod_gateway(*from.prefix);
    if (backend_ == Backend::vxlan) {
      const auto next_hop = pod_gateway(*to.prefix);
      route.next_hops.front().via = next_hop;
      route.on_link = true;
      host(from).neighbours.push_back({.link = overlay_link, .address = next_hop, .mac = mac_of(remote)});
      host(from).neighbours.push_back(
          {.link = overlay_link, .address = remote, .mac = mac_of(remote), .bridge_fdb = true});
    } else if (backend_ == Backend::ipip) {
      route.next_hops.front().via = remote;  // the outer destination, since the device has none of its own
      route.on_link = true;
    }
    host(from).routes.push_back(std::move(route));
  }

  void run_overlayd(const Member& own) {
    std::vector<Address> peers;
    std::vector<daemons::overlayd::Route> routes;
    for (const auto& member : members_) {
      const auto* interface = underlay(cluster_, *member.node);
      if (member.node == own.node || !interface) continue;
      peers.push_back(interface->address.address);
      if (member.prefix) routes.push_back({*member.prefix, interface->address.address});
    }
    const auto local = underlay(cluster_, *own.node)->address.address;
    install(daemons::overlayd::wrapper(overlay_link, local, peers, routes), host(own));
  }

  void route_by_neighbour(const Member& from, const Member& to) {
    if (const auto adjacency = adjacent(*from.node, *to.node))
      host(from).routes.push_back(
          {.destination = *to.prefix,
           .next_hops = {{.via = adjacency->there->address.address, .link = adjacency->here->name}}});
  }

  const Cluster& cluster_;
  const Backend backend_;
  model::Lab& lab_;
  std::vector<Member> nodes_, members_;
};

// Not "whatever is outside the node network": the router is inside it, and is a stranger. A member behind a
// cloud's gateway is reached by its node address only with the node's: the gateway drops what has a pod's.
std::string masquerade(const Cluster& cluster, const Node& node) {
  std::vector<std::string> members;
  for (const auto* member : overlay_members(cluster))
    for (const auto& interface : member->interfaces)
      if (interface.address.address.bits() == 32 && !is_behind_gateway(cluster, node, interface))
        members.push_back(interface.address.address.str());
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

int overlay_mtu(const Cluster& cluster) { return ethernet_mtu - overhead_bytes(cluster.overlay->backend); }

int pod_link_mtu(const Cluster& cluster) {
  const int mtu = overlay_mtu(cluster);
  return mtu == ethernet_mtu ? 0 : mtu;
}

std::optional<Prefix> reflector_prefix(const Cluster& cluster, const Node& reflector) {
  const auto nodes = with_role(cluster, Role::node);
  const bool is_member = reflector.role == Role::route_reflector && cluster.overlay && !nodes.empty();
  if (!is_member || cluster.overlay->backend == Backend::host_gw) return std::nullopt;
  const auto* interface = underlay(cluster, reflector);
  const auto is_behind = [&](const Node* node) { return is_behind_gateway(cluster, *node, *interface); };
  if (!interface || std::ranges::none_of(nodes, is_behind)) return std::nullopt;
  const auto reflectors = with_role(cluster, Role::route_reflector);
  const auto n = std::ranges::find(reflectors, &reflector) - reflectors.begin();
  return pod_prefix(*cluster.overlay, nodes.size() + static_cast<std::size_t>(n));
}

void build_overlay(const Cluster& cluster, const Placement& placement, model::Lab& lab) {
  if (!cluster.overlay) return;
  Overlay(cluster, placement, lab).build();
  if (!cluster.overlay->masquerade) return;
  for (const auto* node : with_role(cluster, Role::node))
    lab.hosts.at(node->name).nftables = masquerade(cluster, *node);
}

}  // namespace lblab::cluster
