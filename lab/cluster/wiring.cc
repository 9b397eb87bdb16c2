#include "lab/cluster/wiring.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

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

std::map<std::string, std::string> bridge_names(const model::Cluster& cluster) {
  std::map<std::string, std::string> names;
  int n = 0;
  for (const auto& network : cluster.networks) {
    ++n;
    names[network.name] = can_be_link(network.name) ? network.name : fmt::format("br{}", n);
  }
  return names;
}

}  // namespace

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
  const auto bridges = bridge_names(cluster);
  for (const auto& network : cluster.networks)
    switches.links.push_back(
        {.name = bridges.at(network.name), .kind = model::Bridge{}, .alias = network.name});
  for (const auto& node : cluster.nodes)
    for (const auto& interface : node.interfaces) {
      switches.links.push_back({.name = fmt::format("p{}", fabric_port(placement, node.name, interface.name)),
                                .kind = model::Veth{node.name, interface.name},
                                .master = bridges.at(interface.network),
                                .alias = node.name + ":" + interface.name,
                                .impairment = interface.impairment.value_or(model::Impairment{})});
      lab.hosts.at(node.name).links.push_back(
          {.name = interface.name,
           .kind = model::VethPeer{},
           .addresses = {interface.address},
           .impairment = interface.impairment.value_or(model::Impairment{})});
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
