#include "lab/cluster/cloud.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lab/cluster/sysctls.hpp"
#include "lab/cluster/wiring.hpp"

namespace lblab::cluster {

namespace {

using model::Cloud;

const model::Network& network_of(const Cluster& cluster, const model::Interface& interface) {
  return *std::ranges::find(cluster.networks, interface.network, &model::Network::name);
}

Prefix single(const Address& address) { return {address, address.bits()}; }

/// The gateway's address on the segment of an interface.
Address gateway_address(const model::Network& network, const model::Interface& interface) {
  const auto& segment = network.cloud == Cloud::gcp ? network.subnet : interface.address;
  return segment.network().address + 1;
}

/// A router that is a network's gateway, and how it is on it.
struct OwnGateway {
  const Node* router;
  const model::Interface* interface;
};
std::optional<OwnGateway> own_gateway(const Cluster& cluster, const std::string& network) {
  for (const auto& node : cluster.nodes)
    for (const auto& interface : node.interfaces)
      if (interface.network == network && interface.is_gateway) return OwnGateway{&node, &interface};
  return std::nullopt;
}

Sysctls forwards_what_it_knows(bool ipv6) {
  auto sysctls = baseline(true, ipv6);
  override_with(sysctls, {{"net.ipv4.conf.all.rp_filter", "1"}, {"net.ipv4.conf.default.rp_filter", "1"}});
  return sysctls;
}

}  // namespace

void add_gateways(const Cluster& cluster, model::Lab& lab) {
  for (const auto& network : cluster.networks) {
    if (network.cloud == Cloud::none || own_gateway(cluster, network.name)) continue;
    auto& host = add_host(lab, model::gateway_name(network.name), "gateway");
    override_with(host.sysctls, forwards_what_it_knows(uses_ipv6(cluster)));
    int n = 0;
    for (const auto& subnet : network.subnets)
      host.links.push_back({.name = fmt::format("eth{}", n++),
                            .kind = model::VethPeer{},
                            .addresses = {{subnet.network().address + 1, subnet.length}}});
  }
}

void attach_to_gateway(const Cluster& cluster, const model::Interface& interface, model::Link port,
                       model::Lab& lab) {
  const auto& network = network_of(cluster, interface);
  const auto own = own_gateway(cluster, network.name);
  auto& gateway = lab.hosts.at(own ? own->router->name : model::gateway_name(network.name));
  if (own) port.steering = steering(*own->interface, port.queues);
  port.addresses = {single(gateway_address(network, interface))};
  gateway.routes.push_back(
      {.destination = single(interface.address.address), .next_hops = {{.link = port.name}}});
  gateway.links.push_back(std::move(port));
}

void add_cloud_routes(const Cluster& cluster, const Node& node, model::Host& host) {
  bool has_default = node.gateway.has_value();
  for (const auto& interface : node.interfaces) {
    const auto& network = network_of(cluster, interface);
    if (network.cloud == Cloud::none || interface.is_gateway) continue;
    const auto gateway = gateway_address(network, interface);
    if (network.cloud == Cloud::gcp)
      host.routes.push_back({.destination = single(gateway), .next_hops = {{.link = interface.name}}});
    const Prefix beyond = has_default ? network.subnet : Prefix{gateway, 0}.network();
    host.routes.push_back({.destination = beyond, .next_hops = {{.via = gateway, .link = interface.name}}});
    has_default = true;
  }
}

bool is_behind_gateway(const Cluster& cluster, const Node& node, const model::Interface& other) {
  if (network_of(cluster, other).cloud == Cloud::none || other.is_gateway) return false;
  return std::ranges::none_of(node.interfaces, [&](const model::Interface& own) {
    return own.network == other.network &&
           (own.is_gateway || own.address.network() == other.address.network());
  });
}

}  // namespace lblab::cluster
