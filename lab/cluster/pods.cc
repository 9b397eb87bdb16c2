#include "lab/cluster/pods.hpp"

#include <fmt/core.h>

#include "lab/cluster/overlay.hpp"
#include "lab/cluster/routing.hpp"
#include "lab/cluster/sysctls.hpp"
#include "lab/cluster/wiring.hpp"
#include "lab/daemons/announcer.hpp"
#include "lab/daemons/lbd.hpp"
#include "lab/daemons/nginx.hpp"
#include "lab/daemons/probe.hpp"

namespace lblab::cluster {

namespace {

constexpr const char* pod_link = "eth0";
constexpr int outer_ipv4_header = 20;
constexpr int ipv4_and_tcp_headers = 40;

/// How far the pod's address lies in its node's prefix: with a /24 its last octet.
std::uint32_t place(const Prefix& pods, const Address& address) {
  return address.v4_number() - pods.address.v4_number();
}

class Pods {
 public:
  Pods(const Cluster& cluster, const Placement& placement, model::Lab& lab)
      : cluster_(cluster), placement_(placement), lab_(lab) {
    std::size_t n = 0;
    for (const auto* node : with_role(cluster, Role::node))
      nodes_[node->name] = {node, pod_prefix(*cluster.overlay, n++)};
  }

  void add(const model::Service& service, std::uint32_t mark) {
    for (int n = 1; n <= service.pods.replicas; ++n)
      if (const auto name = pod_name(service.name, n); is_here(name)) add_web_pod(service, name);
    if (!service.load_balancers) return;
    for (int n = 1; n <= service.load_balancers->replicas; ++n)
      if (const auto name = load_balancer_name(service.name, n); is_here(name)) {
        if (service.load_balancers->in == model::LoadBalancers::Place::node)
          balance_in_node(service, mark, nodes_.at(seat(name).node));
        else
          add_balancer(service, mark, name);
      }
  }

  /// The nodes' ends of the links by which its load balancers get their packets.
  void feed_xdp(const model::Service& service) {
    for (int n = 1; n <= service.load_balancers->replicas; ++n) {
      const auto name = load_balancer_name(service.name, n);
      if (!is_here(name)) continue;
      for (auto& link : lab_.hosts.at(seat(name).node).links)
        if (const auto* veth = std::get_if<model::Veth>(&link.kind); veth && veth->peer_host == name)
          link.feeds_xdp = true;
    }
  }

 private:
  struct Home {
    const Node* node;
    Prefix pods;
  };

  const Placement::Seat& seat(const std::string& pod) const { return placement_.seats.at(pod); }

  bool is_here(const std::string& pod) const {
    return !placement_.away.contains(pod) && !placement_.away.contains(seat(pod).node);
  }

  int link_mtu() const { return pod_link_mtu(cluster_); }

  model::Host& add_pod(const std::string& name, const std::string& role, bool forwards) {
    const auto& [node, address] = seat(name);
    const auto& pods = nodes_.at(node).pods;
    auto& host = add_host(lab_, name, role);
    override_with(host.sysctls, baseline(forwards, uses_ipv6(cluster_)));
    host.links.push_back({.name = pod_link,
                          .kind = model::VethPeer{},
                          .mtu = link_mtu(),
                          .addresses = {{address, pods.length}}});
    host.routes.push_back(
        {.destination = {{}, 0}, .next_hops = {{.via = pod_gateway(pods), .link = pod_link}}});
    lab_.hosts.at(node).links.push_back({.name = fmt::format("pod{}", place(pods, address)),
                                         .kind = model::Veth{name, pod_link},
                                         .master = pod_bridge,
                                         .alias = name + ":" + pod_link,
                                         .mtu = link_mtu()});
    return host;
  }

  void add_web_pod(const model::Service& service, const std::string& name) {
    auto& host = add_pod(name, "pod", false);
    override_with(host.sysctls, silent_arp());
    if (service.load_balancers) accept_service(service, seat(name).address, host);
    install(daemons::nginx::web(seat(name).address, service.port), host);
    if (service.udp) install(daemons::probe::udp_echo(service.port), host);
  }

  // Direct and tunnel forwarding leave the service's address in the packet: the web pod must take it for its
  // own.
  void accept_service(const model::Service& service, const Address& own, model::Host& host) const {
    using Forwarding = model::LoadBalancers::Forwarding;
    const auto forwarding = service.load_balancers->forwarding;
    if (forwarding == Forwarding::nat) return;
    if (forwarding == Forwarding::tunnel) {
      const int mtu = overlay_mtu(cluster_) - outer_ipv4_header;
      host.links.push_back({.name = "service", .kind = model::Ipip{.local = own, .remote = {}}, .mtu = mtu});
      // Answers do not go by the tunnel, so nothing else would tell clients how much fits into it.
      host.routes.front().advmss = mtu - ipv4_and_tcp_headers;
    }
    host.routes.push_back({.destination = service.addresses,
                           .next_hops = {{.via = {}, .link = "lo"}},
                           .type = model::Route::Type::local,
                           .table = 255});
  }

  void add_balancer(const model::Service& service, std::uint32_t mark, const std::string& name) {
    auto& host = add_pod(name, "load-balancer", true);
    const auto& [node, address] = seat(name);
    balance(service, mark, *nodes_.at(node).node, address, host);
    // By a next hop, not by the bridge: a pod that takes over has another neighbour entry, and nobody answers
    // ARP for the service.
    lab_.hosts.at(node).routes.push_back(
        {.destination = service.addresses, .next_hops = {{.via = address, .link = pod_bridge}}});
  }

  // The node is the next hop and what balances, as in the papers' Figure 5.4. It announces from its address
  // among the pods: to the reflector it is an announcer like others.
  void balance_in_node(const model::Service& service, std::uint32_t mark, const Home& home) {
    auto& host = lab_.hosts.at(home.node->name);
    balance(service, mark, *home.node, pod_gateway(home.pods), host);
    // The answers of its own pods come from the service's addresses, which are local here.
    if (service.load_balancers->forwarding == model::LoadBalancers::Forwarding::tunnel)
      override_with(host.sysctls, accept_local());
  }

  /// `own`: the address that the announcer speaks from.
  void balance(const model::Service& service, std::uint32_t mark, const Node& home, const Address& own,
               model::Host& host) {
    // lbd's `local` route comes before this one. While lbd has none, what still comes in is dropped: by the
    // default route it would go back to where it came from, which would send it here again.
    host.routes.push_back(
        {.destination = service.addresses, .next_hops = {}, .type = model::Route::Type::blackhole});
    const auto announcer = service.load_balancers->announcer;
    const auto [as, peers] = upstream(cluster_, home);
    install(daemons::lbd::balancer(
                service, {.mark = mark,
                          .next_hop = next_hop(cluster_, home),
                          .endpoints = endpoints(service),
                          .announced_by = peers.empty() ? "" : daemons::taker_of_routes(announcer)}),
            host);
    if (peers.empty()) return;
    for (auto& program : daemons::announcer(
             announcer, {.as = as,
                        .local = own,
                        .peers = peers,
                        .session_is_certain = !with_role(cluster_, Role::route_reflector).empty(),
                        .hold_time = service.load_balancers->hold_time,
                        .announce_socket = daemons::lbd::announce_socket,
                        .announce_limit = service.load_balancers->announce_limit}))
      install(std::move(program), host);
  }

  std::vector<daemons::lbd::Endpoint> endpoints(const model::Service& service) const {
    std::vector<daemons::lbd::Endpoint> found;
    for (int n = 1; n <= service.pods.replicas; ++n) {
      const auto name = pod_name(service.name, n);
      if (!is_here(name)) continue;
      found.push_back({.pod = name, .node = seat(name).node, .address = seat(name).address});
    }
    return found;
  }

  const Cluster& cluster_;
  const Placement& placement_;
  model::Lab& lab_;
  std::map<std::string, Home> nodes_;
};

}  // namespace

void add_pods(const Cluster& cluster, const Placement& placement, model::Lab& lab) {
  if (cluster.services.empty()) return;
  Pods pods(cluster, placement, lab);
  std::uint32_t mark = 0;
  for (const auto& service : cluster.services) {
    pods.add(service, ++mark);
    if (service.load_balancers && service.load_balancers->kind == "xdp") pods.feed_xdp(service);
  }
}

}  // namespace lblab::cluster
