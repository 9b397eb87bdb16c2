#pragma once

#include "lab/cluster/expand.hpp"

namespace lblab::cluster {

/// Gives every pod of the cluster a seat that has none yet, and throws Unplaceable before anything is
/// changed. Seats already given stay, those of pods that are gone too: a seat is taken again by the pod of
/// the same name only.
///   - Web pods go round the nodes in the order written: pod 1 to the first node, pod 2 to the second …
///   - A load-balancer pod goes to the node with the fewest load-balancer seats that has none of this
///   service; the first written wins a tie.
///   - The address is the lowest free one of the node's prefix, after the first, which is the bridge's. A
///   full node is passed over.
void seat_pods(const model::Cluster&, Placement&);

/// The N of the fabric's port pN for this interface: the one it had, or the next one. Numbers are never given
/// back.
int fabric_port(Placement&, const std::string& host, const std::string& link);

}  // namespace lblab::cluster
