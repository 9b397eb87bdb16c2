#pragma once

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"

namespace lblab::cluster {

/// The nodes' bridge that pods hang on.
inline constexpr const char* pod_bridge = "cbr0";
/// The device of a backend that wraps packets.
inline constexpr const char* overlay_link = "overlay";

/// The pods' default gateway on a node: the first address of its prefix, which is the bridge's.
inline Address pod_gateway(const Prefix& pods) { return pods.address + 1; }

/// A route reflector's own prefix in the overlay, after those of the nodes, where a cloud's gateway is
/// between it and them: the gateway drops what pods send to its address in the network, so that they reach it
/// under the first address of this prefix. Routes alone (host-gw) get nothing past a gateway.
std::optional<Prefix> reflector_prefix(const Cluster&, const Node& reflector);

/// The longest IP packet between pods, in bytes: an Ethernet frame's 1500 less what the backend puts before
/// it. The cluster has an overlay.
int overlay_mtu(const Cluster&);
/// The same for the links that pods hang on; 0 (the kernel's default) where that is as much.
int pod_link_mtu(const Cluster&);

/// The overlay: a bridge in each node, on every member the way to each other node's pods, and the masquerade
/// of what pods send to strangers. Routers and clients learn nothing of it. A node that is away is no longer
/// on any way, and is again when it is back.
///   - host-gw: a route by the other node's address, where that is a neighbour's.
///   - vxlan, ipip, udp: a route by the device `overlay`, which wraps packets in ones from node to node. The
///   nodes' own packets to pods carry the address of their bridge, so that the answers are wrapped too.
void build_overlay(const Cluster&, const Placement&, model::Lab&);

}  // namespace lblab::cluster
