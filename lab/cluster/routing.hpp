#pragma once

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"
#include "lab/daemons/program.hpp"

/// Who speaks BGP with whom.
namespace lblab::cluster {

/// The process and its files become the host's.
void install(daemons::Program, model::Host&);

/// The agents of routers and route reflectors.
void run_agents(const model::Cluster&, model::Lab&);

/// The speakers that an announcer on this node connects to: the reflectors. Where there is none, the routers
/// themselves, which then see the node's address (the papers show how that fails with two announcers on a
/// node).
struct Upstream {
  std::uint32_t as = 65021;
  std::vector<Address> peers;
};
Upstream upstream(const model::Cluster&, const model::Node& node);

/// The node's address as routers reach it: what is announced as next hop.
Address next_hop(const model::Cluster&, const model::Node& node);

}  // namespace lblab::cluster
