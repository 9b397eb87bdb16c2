#include "lab/cluster/expand.hpp"

#include <algorithm>

#include "lab/cluster/cloud.hpp"
#include "lab/cluster/overlay.hpp"
#include "lab/cluster/placement.hpp"
#include "lab/cluster/pods.hpp"
#include "lab/cluster/routing.hpp"
#include "lab/cluster/sysctls.hpp"
#include "lab/cluster/topology.hpp"
#include "lab/cluster/wiring.hpp"

namespace lblab::cluster {

namespace {

const char* word(Role role) {
  switch (role) {
    case Role::plain:
      return "plain";
    case Role::client:
      return "client";
    case Role::router:
      return "router";
    case Role::route_reflector:
      return "route-reflector";
    case Role::node:
      return "node";
  }
  return "";
}

void add_nodes(const Cluster& cluster, model::Lab& lab) {
  for (const auto& node : cluster.nodes) {
    auto& host = add_host(lab, node.name, word(node.role));
    const bool forwards = node.role == Role::router || node.role == Role::node;
    const bool spreads = node.role == Role::router || std::ranges::any_of(node.routes, [](const auto& route) {
                           return route.via.size() > 1;
                         });
    const bool ipv6 = uses_ipv6(cluster);
    override_with(host.sysctls, node.role == Role::plain ? plain(ipv6) : baseline(forwards, ipv6));
    if (spreads) override_with(host.sysctls, multipath());
  }
}

void add_default_route(const Cluster& cluster, const Node& node, model::Host& host) {
  add_cloud_routes(cluster, node, host);
  if (!node.gateway) return;
  const auto gateway = std::ranges::find(cluster.nodes, *node.gateway, &Node::name);
  if (gateway == cluster.nodes.end()) return;
  if (const auto adjacency = adjacent(node, *gateway)) {
    const auto& address = adjacency->there->address.address;
    const Prefix everywhere = Prefix{address, 0}.network();
    host.routes.push_back(
        {.destination = everywhere, .next_hops = {{.via = address, .link = adjacency->here->name}}});
  }
}

// After what the lab does by itself, so that the user's word is the last.
void add_users_own(const Node& node, model::Host& host) {
  for (const auto& route : node.routes) {
    model::Route wanted{.destination = route.destination};
    for (const auto& via : route.via) wanted.next_hops.push_back({.via = via});
    std::erase_if(host.routes, [&](const auto& made) { return made.destination == wanted.destination; });
    host.routes.push_back(std::move(wanted));
  }
  override_with(host.sysctls, node.sysctls);
  for (const auto& process : node.processes) {
    model::Process made{.name = process.name, .argv = process.argv, .environment = process.environment};
    if (process.ready) made.ready = {.when = model::Ready::When::output, .pattern = *process.ready};
    if (!process.restart) made.restart = model::Restart::never;
    if (!process.argv.empty()) made.needs.insert("program:" + process.argv.front());
    host.processes.push_back(std::move(made));
  }
}

/// With the other ends of its links.
void take_away(const std::string& node, model::Lab& lab) {
  if (lab.hosts.erase(node) == 0) return;
  for (auto& [name, host] : lab.hosts)
    std::erase_if(host.links, [&](const model::Link& link) {
      const auto* veth = std::get_if<model::Veth>(&link.kind);
      return veth && veth->peer_host == node;
    });
}

}  // namespace

std::string pod_name(const std::string& service, int n) { return service + "-" + std::to_string(n); }

std::string load_balancer_name(const std::string& service, int n) {
  return service + "-lb-" + std::to_string(n);
}

std::string balancer_host(const model::Service& service, int n, const Placement& placement) {
  const auto name = load_balancer_name(service.name, n);
  return service.load_balancers->in == model::LoadBalancers::Place::node ? placement.seats.at(name).node
                                                                         : name;
}

model::Lab expand(const Cluster& cluster, Placement& placement) {
  seat_pods(cluster, placement);
  model::Lab lab{.name = cluster.name, .hosts = {}};
  add_nodes(cluster, lab);
  wire_networks(cluster, placement, lab);
  wire_links(cluster, lab);
  build_overlay(cluster, placement, lab);
  run_agents(cluster, lab);
  for (const auto& node : cluster.nodes) add_default_route(cluster, node, lab.hosts.at(node.name));
  add_pods(cluster, placement, lab);
  for (const auto& node : cluster.nodes) add_users_own(node, lab.hosts.at(node.name));
  for (const auto& name : placement.away) take_away(name, lab);
  return lab;
}

}  // namespace lblab::cluster
