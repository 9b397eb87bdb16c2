#include "lab/report/topology_boxes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/cluster/placement.hpp"
#include "lab/cluster/topology.hpp"

namespace lblab::report {

using model::Cluster;
using model::Node;
using model::Role;

namespace {

const char* words(Role role) {
  switch (role) {
    case Role::plain:
      return "";
    case Role::client:
      return "client";
    case Role::router:
      return "router";
    case Role::route_reflector:
      return "route reflector";
    case Role::node:
      return "node";
  }
  return "";
}

std::string remark(const Node& node) {
  const auto bgp = cluster::speaker(node);
  if (!bgp) return "";
  return fmt::format("AS {}, {}", bgp->as, word(bgp->agent));
}

/// A line an interface: on networks the address alone, for the bar says the rest.
std::vector<std::string> addresses(const Cluster& cluster, const Node& node) {
  std::vector<std::string> lines;
  for (const auto& interface : node.interfaces)
    lines.push_back(fmt::format("{} {}", interface.name, interface.address.address.str()));
  for (const auto& link : cluster.links)
    for (const auto& end : link.ends)
      if (end.node == node.name)
        lines.push_back(end.address ? fmt::format("{} {}", end.interface, end.address->str())
                                    : end.interface);
  return lines;
}

std::vector<std::size_t> networks(const Cluster& cluster, const Node& node) {
  std::set<std::size_t> found;
  for (const auto& interface : node.interfaces)
    for (std::size_t i = 0; i < cluster.networks.size(); ++i)
      if (cluster.networks[i].name == interface.network) found.insert(i);
  return {found.begin(), found.end()};
}

std::map<std::string, std::vector<PodBox>> pods_by_node(const Cluster& cluster) {
  std::map<std::string, std::vector<PodBox>> pods;
  cluster::Placement placement;
  cluster::seat_pods(cluster, placement);
  const auto add = [&](const std::string& pod, bool is_balancer) {
    const auto& seat = placement.seats.at(pod);
    pods[seat.node].push_back({pod, seat.address.str(), is_balancer});
  };
  for (const auto& service : cluster.services) {
    if (!service.load_balancers) continue;
    for (int n = 1; n <= service.load_balancers->replicas; ++n) {
      const auto name = cluster::load_balancer_name(service.name, n);
      if (service.load_balancers->in == model::LoadBalancers::Place::pod)
        add(name, true);
      else
        pods[placement.seats.at(name).node].push_back({"lbd of " + service.name, "", true});
    }
  }
  for (const auto& service : cluster.services)
    for (int n = 1; n <= service.pods.replicas; ++n) add(cluster::pod_name(service.name, n), false);
  return pods;
}

double width_of(const PodBox& pod) { return text_width(pod.name + pod.address, size::text) + 30; }

void measure(HostBox& host) {
  const double gap_to_role = host.role.empty() ? 0 : 10;
  double width = text_width(host.node->name, size::name) + gap_to_role + text_width(host.role, size::text);
  for (const auto& line : host.addresses) width = std::max(width, text_width(line, size::text));
  width = std::max({width, text_width(host.remark, size::text), text_width(host.pod_prefix, size::text)});
  for (const auto& pod : host.pods) width = std::max(width, width_of(pod));
  host.box.width = width + 2 * size::padding;
  const auto lines =
      1 + host.addresses.size() + (host.remark.empty() ? 0 : 1) + (host.pod_prefix.empty() ? 0 : 1);
  host.box.height = static_cast<double>(lines) * size::line + size::padding +
                    static_cast<double>(host.pods.size()) * (size::pod + 4) + (host.pods.empty() ? 0 : 4);
}

void draw_pods(const HostBox& host, double y, Svg& svg) {
  const double x = host.box.x + size::padding;
  for (const auto& pod : host.pods) {
    const Box box{x, y, host.box.width - 2 * size::padding, size::pod};
    svg.rect(box, 5, pod.is_balancer ? "lt-lb" : "lt-pod", pod.is_balancer ? "load balancer" : "pod");
    svg.text({box.x + 8, box.y + 16}, pod.is_balancer ? "lt-text lt-strong" : "lt-text", pod.name);
    svg.text({box.right() - 8, box.y + 16}, "lt-address lt-end", pod.address);
    y += size::pod + 4;
  }
}

}  // namespace

std::vector<HostBox> host_boxes(const Cluster& cluster) {
  const auto pods = pods_by_node(cluster);
  std::vector<HostBox> hosts;
  std::size_t nth_node = 0;
  for (const auto& node : cluster.nodes) {
    HostBox host{.node = &node,
                 .role = node.name == words(node.role) ? "" : words(node.role),
                 .addresses = addresses(cluster, node),
                 .remark = remark(node),
                 .nets = networks(cluster, node)};
    if (node.role == Role::node && cluster.overlay)
      host.pod_prefix = "pods " + cluster::pod_prefix(*cluster.overlay, nth_node++).str();
    if (const auto found = pods.find(node.name); found != pods.end()) host.pods = found->second;
    measure(host);
    hosts.push_back(std::move(host));
  }
  return hosts;
}

void draw(const HostBox& host, Svg& svg) {
  const auto& box = host.box;
  svg.rect(box, 7, "lt-host");
  const double x = box.x + size::padding;
  double y = box.y + 19;
  svg.text({x, y}, "lt-name", host.node->name);
  if (!host.role.empty()) svg.text({box.right() - size::padding, y}, "lt-text lt-grey lt-end", host.role);
  const auto line = [&](const char* classes, const std::string& text) {
    y += size::line;
    svg.text({x, y}, classes, text);
  };
  for (const auto& address : host.addresses) line("lt-address", address);
  if (!host.remark.empty()) line("lt-text lt-grey", host.remark);
  if (!host.pod_prefix.empty()) line("lt-address lt-grey", host.pod_prefix);
  draw_pods(host, y + 9, svg);
}

}  // namespace lblab::report
