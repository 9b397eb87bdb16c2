#include "lab/model/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lab/model/cluster.hpp"
#include "lab/model/read.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

constexpr std::int64_t most_suggested = 100;

std::int64_t count(const View& view) { return view.ok() ? view.as<std::int64_t>() : 0; }

bool speaks_bgp(const View& node) {
  const auto role = node["role"].as<std::string>();
  return role == "route-reflector" || (role == "router" && node["bgp"].given());
}

constexpr std::string_view zebra = "zebra";

std::vector<std::string> processes_of_agent(std::string_view agent) {
  if (agent == "exabgp") return {"exabgp"};
  if (agent == "frr") return {std::string(zebra), "bgpd"};
  return {agent == "bird" ? "bird" : "gobgpd"};
}

Names processes_of(const View& node) {
  Names names;
  if (speaks_bgp(node)) {
    const auto agent = node["bgp"]["agent"].as<std::string>();
    for (const auto& name : processes_of_agent(agent)) names.add(name);
    if (agent == "gobgp" && node["role"].as<std::string>() == "router") names.add("fibd");
  }
  for (const View& process : node["processes"].each()) names.add(process_name(process));
  return names;
}

}  // namespace

Names processes_of_balancer(const View& balancers) {
  Names names;
  const auto announcer = balancers["announcer"].as<std::string>();
  for (const auto& name : processes_of_agent(announcer))
    if (name != zebra) names.add(name);                  // a pod's routes are not its bgpd's
  if (announcer != "exabgp") names.add("lbd-announce");  // exabgp starts it by itself
  names.add("lbd");
  return names;
}

bool PodName::is_among(const Replicas& replicas) const {
  const auto n = to_integer(number);
  return n && !number.starts_with('0') && *n >= 1 &&
         *n <= (is_load_balancer ? replicas.load_balancers : replicas.pods);
}

std::optional<PodName> pod_name(std::string_view name, const View& services) {
  const auto dash = name.find_last_not_of("0123456789");
  if (dash == name.npos || dash + 1 == name.size() || name[dash] != '-') return std::nullopt;
  auto stem = name.substr(0, dash);
  const auto number = name.substr(dash + 1);
  if (services.at(stem).given()) return PodName{stem, false, number};
  if (!stem.ends_with("-lb")) return std::nullopt;
  stem.remove_suffix(3);
  if (!services.at(stem).given()) return std::nullopt;
  return PodName{stem, true, number};
}

Inventory::Inventory(const View& topology) : nodes_(topology["nodes"]), services_(topology["services"]) {
  const View networks = topology["networks"];
  for (const View& network : networks.each())
    if (network["cloud"].given() &&
        std::ranges::none_of(nodes_.each(), [&](const View& node) { return is_gateway(node, network); }))
      gateways_.insert(gateway_name(network.name()));
  const bool has_udp_overlay = topology["overlay"]["backend"].as<std::string>() == "udp";
  Names of_nodes;
  for (const View& service : services_.each())
    if (balances_in_nodes(service.name())) of_nodes = processes_of_balancer(service["load-balancers"]);
  for (const View& node : nodes_.each()) {
    const auto role = node["role"].as<std::string>();
    if (role == "client") clients_.push_back(node.name());
    if (role == "node") ++pod_nodes_;
    processes_[node.name()] = processes_of(node);
    if (has_udp_overlay && (role == "node" || role == "route-reflector"))
      processes_[node.name()].add("overlayd");
    if (role == "node")
      for (const auto& process : of_nodes.listed()) processes_[node.name()].add(process);
    std::size_t n = 0;
    for (const View& on : node["interfaces"].each()) {
      on_networks_.insert(node.name());
      const auto link = fmt::format("eth{}", n++);
      if (!is_gateway(node, networks.at(on.name()))) interfaces_[node.name()].add(link);
    }
  }
  for (const View& link : topology["links"].each())
    for (const View& end : link["ends"].each())
      if (end.ok()) interfaces_[end.as<LinkEnd>().node].add(end.as<LinkEnd>().interface);
  for (const View& service : services_.each())
    of_balancers_[service.name()] = processes_of_balancer(service["load-balancers"]);
  for (const auto name : nodes_.names()) hosts_.emplace_back(name);
  for (const auto name : services_.names()) {
    const auto [pods, load_balancers] = replicas(name);
    if (static_cast<std::int64_t>(hosts_.size()) + pods + load_balancers > most_suggested) break;
    for (std::int64_t n = 1; n <= pods; ++n) hosts_.push_back(fmt::format("{}-{}", name, n));
    if (balances_in_nodes(name)) continue;
    for (std::int64_t n = 1; n <= load_balancers; ++n) hosts_.push_back(fmt::format("{}-lb-{}", name, n));
  }
}

std::optional<PodName> Inventory::pod(std::string_view name) const {
  auto found = pod_name(name, services_);
  if (found && found->is_load_balancer && balances_in_nodes(found->service)) found.reset();
  return found;
}

bool Inventory::balances_in_nodes(std::string_view service) const {
  return services_.at(service)["load-balancers"]["in"].as<std::string>() == "node";
}

bool Inventory::has_load_balancers(std::string_view service) const {
  return services_.at(service)["load-balancers"].given();
}

bool Inventory::speaks_bgp(std::string_view node) const { return model::speaks_bgp(nodes_.at(node)); }

Replicas Inventory::replicas(std::string_view service) const {
  const View view = services_.at(service);
  return {.pods = count(view["pods"]["replicas"]),
          .load_balancers = has_load_balancers(service) ? count(view["load-balancers"]["replicas"]) : 0};
}

const Names& Inventory::interfaces(const std::string& host) const {
  static const Names of_pod{"eth0"}, none;
  if (!has_node(host)) return of_pod;
  const auto found = interfaces_.find(host);
  return found == interfaces_.end() ? none : found->second;
}

const Names& Inventory::processes(const std::string& host) const {
  static const Names of_web_pod{"nginx"};
  if (const auto found = processes_.find(host); found != processes_.end()) return found->second;
  const auto name = pod(host);
  if (!name || !name->is_load_balancer) return of_web_pod;
  const auto found = of_balancers_.find(name->service);
  return found == of_balancers_.end() ? of_web_pod : found->second;
}

}  // namespace lblab::model
