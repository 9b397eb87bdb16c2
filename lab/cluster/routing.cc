#include "lab/cluster/routing.hpp"

#include "lab/cluster/overlay.hpp"
#include "lab/daemons/bird.hpp"
#include "lab/daemons/fibd.hpp"
#include "lab/daemons/frr.hpp"
#include "lab/daemons/gobgpd.hpp"

namespace lblab::cluster {

namespace {

std::vector<const Node*> speakers(const Cluster& cluster, Role role) {
  auto nodes = with_role(cluster, role);
  std::erase_if(nodes, [](const Node* node) { return !speaker(*node); });
  return nodes;
}

/// Addresses under which `from` reaches these nodes, those on none of its networks left out.
std::vector<Address> addresses(const Node& from, const std::vector<const Node*>& nodes) {
  std::vector<Address> found;
  for (const auto* node : nodes)
    if (const auto adjacency = adjacent(from, *node)) found.push_back(adjacency->there->address.address);
  return found;
}

/// A speaker is known by its address towards the first of its peers.
daemons::BgpSpeaker identity(const Node& node, const std::vector<const Node*>& peers) {
  const auto bgp = *speaker(node);
  daemons::BgpSpeaker self{
      .as = bgp.as, .router_id = node.interfaces.front().address.address, .hold_time = bgp.hold_time};
  for (const auto* peer : peers)
    if (const auto adjacency = adjacent(node, *peer)) {
      self.router_id = adjacency->here->address.address;
      break;
    }
  return self;
}

void install_all(std::vector<daemons::Program> programs, model::Host& host) {
  for (auto& program : programs) install(std::move(program), host);
}

void run_router(const Cluster& cluster, const Node& node, model::Host& host) {
  const auto reflectors = speakers(cluster, Role::route_reflector);
  const auto nodes = with_role(cluster, Role::node);
  daemons::BgpRouter router{
      identity(node, reflectors.empty() ? nodes : reflectors), addresses(node, reflectors), {}};
  if (reflectors.empty()) router.passive_peers = addresses(node, nodes);
  switch (node.bgp->agent) {
    case model::BgpAgent::gobgp:
      install(daemons::gobgpd::router(router), host);
      return install(daemons::fibd::beside_gobgpd(node.bgp->stale_time, node.bgp->groups), host);
    case model::BgpAgent::frr:
      return install_all(daemons::frr::router(router), host);
    case model::BgpAgent::bird:
      return install(daemons::bird::router(router), host);
  }
}

void run_reflector(const Cluster& cluster, const Node& node, model::Host& host) {
  const auto routers = speakers(cluster, Role::router);
  daemons::BgpReflector reflector{identity(node, routers), cluster.overlay->subnet.network(),
                                  addresses(node, routers)};
  switch (speaker(node)->agent) {
    case model::BgpAgent::gobgp:
      return install(daemons::gobgpd::reflector(reflector), host);
    case model::BgpAgent::frr:
      return install_all(daemons::frr::reflector(reflector), host);
    case model::BgpAgent::bird:
      return install(daemons::bird::reflector(reflector), host);
  }
}

}  // namespace

void install(daemons::Program program, model::Host& host) {
  host.processes.push_back(std::move(program.process));
  for (auto& file : program.files) host.files.push_back(std::move(file));
}

void run_agents(const Cluster& cluster, model::Lab& lab) {
  for (const auto* router : speakers(cluster, Role::router))
    run_router(cluster, *router, lab.hosts.at(router->name));
  if (!cluster.overlay) return;
  for (const auto* reflector : speakers(cluster, Role::route_reflector))
    run_reflector(cluster, *reflector, lab.hosts.at(reflector->name));
}

Upstream upstream(const Cluster& cluster, const Node& node) {
  auto peers = speakers(cluster, Role::route_reflector);
  if (peers.empty()) peers = speakers(cluster, Role::router);
  if (peers.empty()) return {};
  Upstream found{.as = speaker(*peers.front())->as, .peers = {}};
  for (const auto* peer : peers)
    if (const auto prefix = reflector_prefix(cluster, *peer))
      found.peers.push_back(pod_gateway(*prefix));
    else if (const auto adjacency = adjacent(node, *peer))
      found.peers.push_back(adjacency->there->address.address);
  return found;
}

Address next_hop(const Cluster& cluster, const Node& node) {
  for (const auto* router : with_role(cluster, Role::router))
    if (const auto adjacency = adjacent(node, *router)) return adjacency->here->address.address;
  return node.interfaces.front().address.address;
}

}  // namespace lblab::cluster
