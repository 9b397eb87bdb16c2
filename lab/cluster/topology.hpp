#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/model/cluster.hpp"

/// Questions about a Cluster that the parts of expand() share. Nothing is kept: pointers go into the Cluster.
namespace lblab::cluster {

using model::Address;
using model::Cluster;
using model::Node;
using model::Prefix;
using model::Role;

/// In the order written.
std::vector<const Node*> with_role(const Cluster&, Role);

/// Two interfaces on one network.
struct Adjacency {
  const model::Interface* here;
  const model::Interface* there;
};
/// On the first network of `here` that `there` is on too; of a cloud's network on one segment, or with its
/// gateway.
std::optional<Adjacency> adjacent(const Node& here, const Node& there);

/// The BGP settings of a node that speaks BGP: what it says, and for a route reflector, which is nothing
/// without BGP, the defaults.
std::optional<model::Bgp> speaker(const Node&);

/// The pod prefix of the n-th node (from 0): subnet + 1, + 2, … in units of `node_prefix`.
Prefix pod_prefix(const model::Overlay&, std::size_t n);

/// Nodes, and the route reflectors: they have routes to every pod, and pods reach them under their own
/// addresses.
std::vector<const Node*> overlay_members(const Cluster&);

/// Whether anything in it has an IPv6 address.
bool uses_ipv6(const Cluster&);

}  // namespace lblab::cluster
