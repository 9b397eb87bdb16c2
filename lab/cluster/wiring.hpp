#pragma once

#include "lab/cluster/expand.hpp"

/// Who is connected to what.
namespace lblab::cluster {

/// The host that is the lab's switch: one bridge a network, one port pN an interface.
inline constexpr const char* fabric = "fabric";

/// Adds a host. Throws Unplaceable if the name is taken: a scaled pod may meet a node of its name.
model::Host& add_host(model::Lab&, const std::string& name, const std::string& role);

/// What a link with so many queues does with what arrives, as its interface's `rps` and `rss` say: the
/// processors of each queue; empty where they say nothing.
std::vector<std::vector<int>> steering(const model::Interface&, int queues);

/// The fabric, if there are networks, and every node's interfaces on it. The near ends are the fabric's: made
/// there together with master and alias in one message, while the far end is born in the node.
void wire_networks(const model::Cluster&, Placement&, model::Lab&);

/// Veth pairs from node to node.
void wire_links(const model::Cluster&, model::Lab&);

}  // namespace lblab::cluster
