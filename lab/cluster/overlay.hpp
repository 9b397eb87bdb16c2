#pragma once

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"

namespace lblab::cluster {

/// The nodes' bridge that pods hang on.
inline constexpr const char* pod_bridge = "cbr0";

/// The pods' default gateway on a node: the first address of its prefix, which is the bridge's.
inline Address pod_gateway(const Prefix& pods) { return pods.address + 1; }

/// The host-gw overlay: a bridge in each node, on every member a route to each other node's pods by that
/// node's address, and the masquerade of what pods send to strangers. Routers and clients learn nothing of
/// it.
void build_overlay(const model::Cluster&, model::Lab&);

}  // namespace lblab::cluster
