#include "lab/daemons/lbd.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace lblab::daemons::lbd {

namespace {

using model::Health;
using model::LoadBalancers;
constexpr const char* path = "/run/lbd/lbd.yaml";

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

// A single address is a service by address, port and protocol; a range goes by fwmark.
std::string mark(const model::Service& service, std::uint32_t mark) {
  return service.addresses.length == service.addresses.address.bits() ? ""
                                                                      : fmt::format("    mark: {}\n", mark);
}

std::string configuration(const model::Service& service, const Config& config) {
  const auto& balancers = *service.load_balancers;
  // Only what IPVS has rewritten can come back to it: with direct and tunnel forwarding the client's address
  // stays.
  const bool masquerade = balancers.masquerade && balancers.forwarding == LoadBalancers::Forwarding::nat;
  return fmt::format(
      "control: {}\n"
      "announce: {{socket: {}}}\n"
      "drain-limit: {}\n"
      "services:\n"
      "  - name: {}\n"
      "    addresses: {}\n"
      "    port: {}\n"
      "    protocol: tcp\n"
      "{}"
      "    scheduler: {}\n"
      "    forwarding: {}\n"
      "    masquerade: {}\n"
      "    endpoints: {}\n"
      "    health: {}\n"
      "    announce: {{route: {}, next-hop: {}}}\n",
      control_socket, announce_socket, duration(balancers.drain_limit), service.name, service.addresses.str(),
      service.port, mark(service, config.mark), balancers.scheduler, word(balancers.forwarding), masquerade,
      endpoints_path(service), health(balancers.health, service.port), service.addresses.str(),
      config.next_hop.str());
}

// Kubernetes, discovery.k8s.io/v1 EndpointSlice, one endpoint a line.
std::string endpoint_slice(const model::Service& service, const std::vector<Endpoint>& endpoints) {
  std::string listed;
  for (const auto& endpoint : endpoints)
    listed += fmt::format(
        R"({}
    {{"addresses": ["{}"], "conditions": {{"ready": true}}, "nodeName": "{}", "targetRef": {{"kind": "Pod", "name": "{}"}}}})",
        listed.empty() ? "" : ",", endpoint.address.str(), endpoint.node, endpoint.pod);
  const bool ipv6 = !endpoints.empty() && endpoints.front().address.bits() == 128;
  return fmt::format(R"({{
  "apiVersion": "discovery.k8s.io/v1",
  "kind": "EndpointSlice",
  "metadata": {{"name": "{0}", "labels": {{"kubernetes.io/service-name": "{0}"}}}},
  "addressType": "{1}",
  "ports": [{{"name": "", "protocol": "TCP", "port": {2}}}],
  "endpoints": [{3}
  ]
}}
)",
                     service.name, ipv6 ? "IPv6" : "IPv4", service.port, listed);
}

}  // namespace

Program balancer(const model::Service& service, const Config& config) {
  Program made;
  made.process.name = "lbd";
  made.process.argv = {"lbd", "--config", path};
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("event":"ready")"};
  // TERM makes it withdraw, drain for at most drain-limit, and remove what it made.
  made.process.stop_grace = service.load_balancers->drain_limit + milliseconds{3'000};
  made.process.needs = {"ipvs", "nftables", "program:lbd"};
  if (service.load_balancers->forwarding == LoadBalancers::Forwarding::tunnel)
    made.process.needs.insert("ipip");
  made.files = {{.path = path, .text = configuration(service, config)},
                {.path = endpoints_path(service), .text = endpoint_slice(service, config.endpoints)}};
  return made;
}

}  // namespace lblab::daemons::lbd
