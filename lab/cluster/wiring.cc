#include "lab/cluster/wiring.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "lab/cluster/cloud.hpp"
#include "lab/cluster/placement.hpp"
#include "lab/cluster/sysctls.hpp"

namespace lblab::cluster {

namespace {

constexpr std::size_t longest_link_name = 15;  // IFNAMSIZ - 1

bool is_numbered(const std::string& name, const std::string& stem) {
  return name.size() > stem.size() && name.starts_with(stem) &&
         std::all_of(name.begin() + static_cast<long>(stem.size()), name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

// `all` and `default` have folders of their own under /proc/sys/net/ipv4/conf.
bool can_be_link(const std::string& name) {
  return name.size() <= longest_link_name && !is_numbered(name, "p") && !is_numbered(name, "br") &&
         name != "lo" && name != "all" && name != "default";
}

/// A bridge in the fabric.
struct Segment {
  std::string bridge, alias;
};
/// By network, and prefix of the segment; those without a bridge are not there.
using Segments = std::map<std::pair<std::string, Prefix>, Segment>;

Segments segments(const model::Cluster& cluster) {
  Segments found;
  int n = 0;
  for (const auto& network : cluster.networks) {
    ++n;
    if (network.cloud == model::Cloud::none)
      found[{network.name, network.subnet.network()}] = {
          can_be_link(network.name) ? network.name : fmt::format("br{}", n), network.name};
    else if (network.cloud == model::Cloud::aws)
      for (std::size_t k = 0; k < network.subnets.size(); ++k)
        found[{network.name, network.subnets[k]}] = {fmt::format("br{}.{}", n, k + 1),
                                                     network.name + " " + network.subnets[k].str()};
  }
  return found;
}

}  // namespace

std::vector<std::vector<int>> steering(const model::Interface& interface, int queues) {
  if (interface.rps.empty() && interface.rss == 0) return {};
  std::vector<std::vector<int>> processors(static_cast<std::size_t>(queues), interface.rps);
  if (interface.rps.empty())
    for (int n = 0; n < queues; ++n) processors[static_cast<std::size_t>(n)] = {n};
  return processors;
}

model::Host& add_host(model::Lab& lab, const std::string& name, const std::string& role) {
  const auto [at, added] = lab.hosts.try_emplace(name, model::Host{.name = name, .role = role});
  if (!added)
    throw Unplaceable(fmt::format("{}: a {} is to have the name that a {} has", name, role, at->second.role));
  return at->second;
}

void wire_networks(const model::Cluster& cluster, Placement& placement, model::Lab& lab) {
  if (cluster.networks.empty()) return;
  auto& switches = add_host(lab, fabric, "fabric");
  override_with(switches.sysctls, plain(uses_ipv6(cluster)));
  override_with(switches.sysctls, bridge());
  const auto bridges = segments(cluster);
  for (const auto& network : cluster.networks)
    for (const auto& [at, segment] : bridges)
      if (at.first == network.name)
        switches.links.push_back({.name = segment.bridge, .kind = model::Bridge{}, .alias = segment.alias});
  add_gateways(cluster, lab);
  for (const auto& node : cluster.nodes)
    for (const auto& interface : node.interfaces) {
      if (interface.is_gateway) continue;  // it has a link to each of the others
      model::Link port{.name = fmt::format("p{}", fabric_port(placement, node.name, interface.name)),
                       .kind = model::Veth{node.name, interface.name},
                       .alias = node.name + ":" + interface.name,
                       .impairment = interface.impairment.value_or(model::Impairment{}),
                       .queues = std::max(interface.rss, 1)};
      const auto segment = bridges.find({interface.network, interface.address.network()});
      if (segment != bridges.end()) {
        port.master = segment->second.bridge;
        switches.links.push_back(std::move(port));
      } else {
        attach_to_gateway(cluster, interface, std::move(port), lab);
      }
      lab.hosts.at(node.name).links.push_back(
          {.name = interface.name,
           .kind = model::VethPeer{},
           .addresses = {interface.address},
           .impairment = interface.impairment.value_or(model::Impairment{}),
           .queues = std::max(interface.rss, 1),
           .steering = steering(interface, std::max(interface.rss, 1))});
    }
  for (const auto& network : cluster.networks)
    if (network.cloud == model::Cloud::aws) {
      int n = 0;
      for (const auto& subnet : network.subnets) {
        const auto gateway = model::gateway_name(network.name), link = fmt::format("eth{}", n++);
        switches.links.push_back({.name = fmt::format("p{}", fabric_port(placement, gateway, link)),
                                  .kind = model::Veth{gateway, link},
                                  .master = bridges.at({network.name, subnet}).bridge,
                                  .alias = gateway + ":" + link});
      }
    }
}

void wire_links(const model::Cluster& cluster, model::Lab& lab) {
  const auto end = [&](const model::PlainLink::End& here, model::LinkKind kind,
                       const std::optional<model::Impairment>& impairment) {
    model::Link link{.name = here.interface, .kind = std::move(kind)};
    link.impairment = impairment.value_or(model::Impairment{});
    if (here.address) link.addresses.push_back(*here.address);
    lab.hosts.at(here.node).links.push_back(std::move(link));
  };
  for (const auto& link : cluster.links) {
    end(link.ends[0], model::Veth{link.ends[1].node, link.ends[1].interface}, link.impairment);
    end(link.ends[1], model::VethPeer{}, link.impairment);
  }
}

}  // namespace lblab::cluster
