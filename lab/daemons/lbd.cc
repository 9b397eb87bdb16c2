#include "lab/daemons/lbd.hpp"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "lab/daemons/lbd_ipvs.hpp"

namespace lblab::daemons::lbd {

namespace {

using model::Health;
using model::LoadBalancers;
constexpr const char* path = "/run/lbd/lbd.yaml";
constexpr std::uint32_t udp_marks = 1 << 16;  // a service's mark for UDP is so much higher

std::string endpoints_path(const model::Service& service) {
  return "/run/lbd/endpoints/" + service.name + ".json";
}

const char* word(LoadBalancers::Forwarding forwarding) {
  switch (forwarding) {
    case LoadBalancers::Forwarding::nat:
      return "nat";
    case LoadBalancers::Forwarding::direct:
      return "direct";
    case LoadBalancers::Forwarding::tunnel:
      return "tunnel";
  }
  return "";
}

std::string health(const Health& health, std::uint16_t service_port) {
  if (health.kind == Health::Kind::none) return "{none: true}";
  const auto port = health.port ? health.port : service_port;
  const auto what = health.kind == Health::Kind::tcp
                        ? fmt::format("tcp: {}", port)
                        : fmt::format("http: {}, port: {}", nlohmann::json(health.path).dump(), port);
  return fmt::format("{{{}, interval: {}, timeout: {}, rise: {}, fall: {}}}", what, duration(health.interval),
                     duration(health.timeout), health.rise, health.fall);
}

// A single address is a service by address, port and protocol; a range goes by fwmark, but for XDP.
std::string mark(const model::Service& service, std::uint32_t mark) {
  const bool single = service.addresses.length == service.addresses.address.bits();
  return single || service.load_balancers->kind == "xdp" ? "" : fmt::format("    mark: {}\n", mark);
}

// Other kinds have a way of their own to choose, which is lbd's default.
std::string scheduler(const LoadBalancers& balancers) {
  return balancers.by_ipvs() ? fmt::format("    scheduler: {}\n", balancers.scheduler) : "";
}

// IPVS is lbd's default.
std::string dataplane(const LoadBalancers& balancers) {
  return balancers.kind == "ipvs" ? "" : fmt::format("dataplane: {}\n", balancers.kind);
}

std::set<std::string> needs(const LoadBalancers& balancers) {
  static const std::map<std::string, std::set<std::string>> of_kind{
      {"ipvs", {"ipvs", "nftables"}},
      {"nftables", {"nftables"}},
      {"iptables", {"program:iptables-restore"}},
      {"xdp", {"xdp"}},
      {"nginx", {"program:nginx"}},
      {"keepalived", {"ipvs", "nftables", "program:keepalived"}},
  };
  auto needs = of_kind.at(balancers.kind);
  needs.insert("program:lbd");
  if (balancers.forwarding == LoadBalancers::Forwarding::tunnel) needs.insert("ipip");
  return needs;
}

enum class Transport { tcp, udp };

std::string virtual_service(const model::Service& service, const Config& config, Transport transport) {
  const auto& balancers = *service.load_balancers;
  // Only what IPVS has rewritten can come back to it: with direct and tunnel forwarding the client's address
  // stays.
  const bool masquerade = balancers.masquerade && balancers.forwarding == LoadBalancers::Forwarding::nat;
  const bool udp = transport == Transport::udp;
  return fmt::format(
      "  - name: {}{}\n"
      "    addresses: {}\n"
      "    port: {}\n"
      "    protocol: {}\n"
      "{}"
      "{}"
      "    forwarding: {}\n"
      "    masquerade: {}\n"
      "    endpoints: {}\n"
      "    health: {}\n"
      "{}",
      service.name, udp ? "-udp" : "", service.addresses.str(), service.port, udp ? "udp" : "tcp",
      mark(service, config.mark + (udp ? udp_marks : 0)), scheduler(balancers), word(balancers.forwarding),
      masquerade, endpoints_path(service), health(balancers.health, service.port),
      ipvs_service_lines(balancers, udp));
}

std::string configuration(const model::Service& service, const Config& config) {
  const auto announced = [&](const std::string& text) { return !config.announced_by.empty() ? text : ""; };
  return fmt::format(
      "control: {}\n"
      "{}"
      "drain-limit: {}\n"
      "{}"
      "{}"
      "services:\n"
      "{}"
      "{}"
      "{}",
      control_socket, announced(fmt::format("announce: {{socket: {}}}\n", announce_socket)),
      duration(service.load_balancers->drain_limit), dataplane(*service.load_balancers),
      ipvs_lines(*service.load_balancers), virtual_service(service, config, Transport::tcp),
      announced(fmt::format("    announce: {{route: {}, next-hop: {}}}\n", service.addresses.str(),
                            config.next_hop.str())),
      service.udp ? virtual_service(service, config, Transport::udp) : "");
}

// Kubernetes, discovery.k8s.io/v1 EndpointSlice, one endpoint a line.
std::string endpoint_slice(const model::Service& service, const std::vector<Endpoint>& endpoints) {
  std::string listed;
  for (const auto& endpoint : endpoints)
    listed += fmt::format(
        R"({}
    {{"addresses": ["{}"], "conditions": {{"ready": true}}, "nodeName": "{}", "targetRef": {{"kind": "Pod", "name": "{}"}}}})",
        listed.empty() ? "" : ",", endpoint.address.str(), endpoint.node, endpoint.pod);
  const auto udp_port =
      service.udp ? fmt::format(R"(, {{"name": "udp", "protocol": "UDP", "port": {}}})", service.port) : "";
  const bool ipv6 = !endpoints.empty() && endpoints.front().address.bits() == 128;
  return fmt::format(R"({{
  "apiVersion": "discovery.k8s.io/v1",
  "kind": "EndpointSlice",
  "metadata": {{"name": "{0}", "labels": {{"kubernetes.io/service-name": "{0}"}}}},
  "addressType": "{1}",
  "ports": [{{"name": "", "protocol": "TCP", "port": {2}}}{4}],
  "endpoints": [{3}
  ]
}}
)",
                     service.name, ipv6 ? "IPv6" : "IPv4", service.port, listed, udp_port);
}

}  // namespace

Program balancer(const model::Service& service, const Config& config) {
  Program made;
  made.process.name = "lbd";
  made.process.argv = {"lbd", "--config", path};
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("event":"ready")"};
  // It withdraws through that when it ends: one that ended with it would cut the drain short.
  if (!config.announced_by.empty()) made.process.after = {config.announced_by};
  // TERM makes it withdraw, drain for at most drain-limit, and remove what it made.
  made.process.stop_grace = service.load_balancers->drain_limit + milliseconds{3'000};
  made.process.needs = needs(*service.load_balancers);
  made.files = {{.path = path, .text = configuration(service, config)},
                {.path = endpoints_path(service), .text = endpoint_slice(service, config.endpoints)}};
  return made;
}

}  // namespace lblab::daemons::lbd
