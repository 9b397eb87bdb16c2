#pragma once

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"

/// Networks that are like a cloud's: hosts, or subnets, with a gateway between them. As in GCP and AWS its
/// address is the first of a subnet, and it forwards only what comes from and goes to addresses that the
/// network has given away. What a pod sends without wrapping it is dropped: nothing was given to pods.
namespace lblab::cluster {

/// The gateway of every network that needs one and has no router for it: a host that forwards, knows its
/// subnets, and checks sources (strict reverse-path filter).
void add_gateways(const Cluster&, model::Lab&);

/// A host's interface on a network where each is alone with the gateway: `port`, a veth to the host, becomes
/// the gateway's.
void attach_to_gateway(const Cluster&, const model::Interface&, model::Link port, model::Lab&);

/// By the gateway of a cloud's network: all that the host has no other route to or, where it has a gateway of
/// its own, the rest of that network.
void add_cloud_routes(const Cluster&, const Node&, model::Host&);

/// Whether `node` reaches this interface of another by a cloud's gateway only.
bool is_behind_gateway(const Cluster&, const Node& node, const model::Interface&);

}  // namespace lblab::cluster
