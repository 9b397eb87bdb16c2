#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/model/check.hpp"
#include "lab/model/read.hpp"
#include "lab/model/seats.hpp"
#include "lab/sys/address.hpp"

namespace lblab::model {
namespace {

using sys::Prefix;

class ClusterCheck {
 public:
  ClusterCheck(const View& topology, Diagnostics& out)
      : overlay_(topology["overlay"]),
        services_(topology["services"].each()),
        networks_(topology["networks"]),
        out_(out) {
    for (const View& node : topology["nodes"].each())
      by_role_[node["role"].as<std::string>()].push_back(node);
    for (const auto& [role, nodes] : by_role_)
      for (const View& node : nodes) check_node(role, node);
    for (const View& service : services_) check_service(service);
    if (overlay_.given()) check_overlay();
    if (has_load_balancers()) check_paths();
  }

 private:
  void report(Mark mark, std::string wrong, std::string right) {
    out_.push_back({mark, std::move(wrong), std::move(right)});
  }

  const std::vector<View>& role(const std::string& name) { return by_role_[name]; }

  std::vector<View> routers() {
    std::vector<View> speaking = role("router");
    std::erase_if(speaking, [](const View& router) { return !router["bgp"].given(); });
    return speaking;
  }

  bool has_load_balancers() const {
    return std::ranges::any_of(services_,
                               [](const View& service) { return service["load-balancers"].given(); });
  }

  void check_node(const std::string& role, const View& node) {
    const View bgp = node["bgp"];
    if (bgp.given() && role != "router" && role != "route-reflector")
      report(bgp.name_mark(), fmt::format("bgp on node '{}', whose role is {}", node.name(), role),
             "only a router or a route-reflector speaks BGP");
    if (role == "route-reflector" && bgp["stale-time"].given())
      report(bgp["stale-time"].name_mark(),
             fmt::format("stale-time on the route reflector '{}'", node.name()),
             "only a router has kernel routes to keep");
    check_groups(role, bgp["groups"], bgp["agent"]);
    if (role == "route-reflector" && !overlay_.given())
      report(node.name_mark(), fmt::format("route reflector '{}', and no overlay", node.name()),
             "add an overlay: it reflects the routes of pods");
    if (const View holds = node["holds"]; holds.given() && role != "node")
      report(holds.name_mark(), fmt::format("holds on '{}', whose role is {}", node.name(), role),
             "only a node has pods");
    const bool needs_address =
        role == "route-reflector" || bgp.given() || (role == "node" && overlay_.given());
    if (needs_address && node["interfaces"].each().empty())
      report(node.name_mark(), fmt::format("{} '{}' is on no network", role, node.name()),
             "add interfaces: {NETWORK: ADDRESS}");
  }

  /// Only fibd makes nexthop groups, and it serves a router's gobgpd.
  void check_groups(const std::string& role, const View& groups, const View& agent) {
    if (role == "route-reflector" && groups.given())
      report(groups.name_mark(), "groups on a route reflector", "only a router has kernel routes");
    if (role == "router" && groups.given() && agent.ok() && agent.as<std::string>() != "gobgp")
      report(groups.name_mark(), fmt::format("groups beside the agent {}", agent.as<std::string>()),
             "agent: gobgp, which is the default");
  }

  void check_service(const View& service) {
    if (!overlay_.given())
      report(service.name_mark(), fmt::format("service '{}', and no overlay for its pods", service.name()),
             "add overlay: {subnet: 172.16.0.0/16}");
    if (role("node").empty())
      report(service.name_mark(), fmt::format("service '{}', and no node for its pods", service.name()),
             "add nodes with role: node");
    if (const View addresses = service["addresses"];
        addresses.ok() && addresses.as<Prefix>().address.bits() != 32)
      report(addresses.mark(), "an IPv6 service is not built yet", "IPv4 is, as 10.1.1.0/24");
    if (!role("node").empty() && holders("pods") == 0)
      report(service.name_mark(),
             fmt::format("service '{}', and every node holds load-balancers", service.name()),
             "write holds: pods for one");
    const View balancers = service["load-balancers"];
    if (!balancers.given()) return;
    check_health(balancers["health"]);
    check_kind(balancers, service["udp"]);
    check_place(service);
    const View replicas = balancers["replicas"];
    const auto nodes = holders("load-balancers");
    if (!role("node").empty() && replicas.ok() && replicas.as<std::int64_t>() > nodes)
      report(replicas.mark(),
             fmt::format("{} load balancers of service '{}' on {} node{}", replicas.as<std::int64_t>(),
                         service.name(), nodes, nodes == 1 ? "" : "s"),
             fmt::format("a node holds at most one load-balancer pod of a service: write {}, or add nodes",
                         nodes));
    if (routers().empty() && !has_static_route(service["addresses"]))
      report(balancers.name_mark(),
             fmt::format("load balancers of service '{}', and no router with bgp", service.name()),
             "add a node with role: router and bgp: {}, or to a router's routes one to the service");
  }

  /// The conventional way: a router is told by hand who balances.
  bool has_static_route(const View& addresses) {
    if (!addresses.ok()) return false;
    return std::ranges::any_of(role("router"), [&](const View& router) {
      return std::ranges::any_of(router["routes"].each(), [&](const View& route) {
        return route["to"].ok() && route["to"].as<Prefix>().contains(addresses.as<Prefix>());
      });
    });
  }

  /// A node has one namespace, in which one lbd has everything that balances.
  void check_place(const View& service) {
    const View balancers = service["load-balancers"], in = balancers["in"], kind = balancers["kind"],
               forwarding = balancers["forwarding"];
    if (!in.ok() || in.as<std::string>() != "node") return;
    if (!on_nodes_.empty())
      report(in.mark(), fmt::format("the load balancers of service '{}' are in the nodes already", on_nodes_),
             "of one service they can be: write in: pod");
    on_nodes_ = service.name();
    static const std::set<std::string> kinds{"ipvs", "keepalived", "nftables", "iptables", "nginx"};
    if (kind.ok() && !kinds.contains(kind.as<std::string>()))
      report(in.mark(), fmt::format("in node beside kind {}", kind.as<std::string>()),
             "write in: pod, or kind: ipvs");
    if (forwarding.ok() && forwarding.as<std::string>() == "direct")
      report(in.mark(), "in node beside forwarding direct", "write in: pod, or forwarding: nat or tunnel");
  }

  /// How many nodes may have such pods.
  std::int64_t holders(const std::string& of) {
    return std::ranges::count_if(role("node"), [&](const View& node) {
      const auto holds = node["holds"].as<std::string>();
      return holds == "all" || holds == of;
    });
  }

  /// What only IPVS can do.
  void check_kind(const View& balancers, const View& udp) {
    const View kind = balancers["kind"], scheduler = balancers["scheduler"],
               forwarding = balancers["forwarding"];
    if (!kind.ok()) return;
    const auto name = kind.as<std::string>();
    if (name == "keepalived") check_keepalived(balancers["health"]);
    if (name == "ipvs" || name == "keepalived") return check_ipvs(balancers, udp);
    for (const char* key :
         {"scheduler-flags", "persistence", "thresholds", "one-packet", "timeouts", "sloppy-tcp"})
      if (const View given = balancers[key]; given.given())
        report(given.name_mark(), fmt::format("{} beside kind {}", key, name),
               "only IPVS has that: leave it out, or write kind: ipvs");
    if (name == "xdp") return check_xdp(scheduler, forwarding);
    if (scheduler.given())
      report(scheduler.name_mark(), fmt::format("scheduler beside kind {}", name),
             "schedulers are IPVS's: leave it out, or write kind: ipvs");
    if (forwarding.ok() && forwarding.as<std::string>() != "nat")
      report(forwarding.mark(),
             fmt::format("forwarding {} beside kind {}", forwarding.as<std::string>(), name),
             "write nat, or kind: ipvs");
    if (name != "nginx") return;
    if (udp.as<bool>()) report(udp.mark(), "udp beside kind nginx", "it proxies HTTP: leave udp out");
    if (const View masquerade = balancers["masquerade"]; masquerade.ok() && !masquerade.as<bool>())
      report(masquerade.mark(), "masquerade false beside kind nginx",
             "a proxy opens connections of its own: leave it out");
  }

  void check_ipvs(const View& balancers, const View& udp) {
    const auto scheduler = balancers["scheduler"].as<std::string>();
    for (const View& flag : balancers["scheduler-flags"].each()) {
      const auto name = flag.ok() ? flag.as<std::string>() : scheduler + "-";
      if (!name.starts_with(scheduler + "-"))
        report(flag.mark(), fmt::format("flag {} beside scheduler {}", name, scheduler),
               fmt::format("write scheduler: {}", name.substr(0, name.find('-'))));
    }
    const View upper = balancers["thresholds"]["upper"], lower = balancers["thresholds"]["lower"];
    if (upper.ok() && lower.ok() && lower.as<std::int64_t>() > upper.as<std::int64_t>())
      report(lower.mark(),
             fmt::format("lower {} above upper {}", lower.as<std::int64_t>(), upper.as<std::int64_t>()),
             "a real server that is full takes connections again below `lower`");
    if (const View one_packet = balancers["one-packet"]; one_packet.as<bool>()) {
      if (!udp.as<bool>())
        report(one_packet.mark(), "one-packet without udp", "add udp: true to the service, or leave it out");
      if (balancers["forwarding"].as<std::string>() == "nat")
        report(one_packet.mark(), "one-packet beside forwarding nat",
               "answers would find no way back: write forwarding: direct or tunnel");
    }
  }

  /// What keepalived cannot check.
  void check_keepalived(const View& health) {
    constexpr std::string_view of_its_file = " \"'\\#!{}$@~";
    if (const View path = health["http"];
        path.ok() && path.as<std::string>().find_first_of(of_its_file) != std::string::npos)
      report(path.mark(), fmt::format("the path '{}' beside kind keepalived", path.as<std::string>()),
             "blanks, quotes and the signs \\ # ! { } $ @ ~ have a meaning of their own in its file");
    if (const View rise = health["rise"]; rise.ok() && rise.as<std::int64_t>() > 1)
      report(rise.mark(), fmt::format("rise {} beside kind keepalived", rise.as<std::int64_t>()),
             "it takes a real server up at once: leave rise out");
  }

  void check_health(const View& health) {
    const View tcp = health["tcp"], http = health["http"], port = health["port"];
    const bool none = health["none"].as<bool>();
    if (tcp.given() + http.given() + none > 1)
      report(health.name_mark(), "health has more than one of tcp, http and none", "keep one");
    if (port.given() && !http.given())
      report(port.name_mark(), "health has port without http", "write tcp: PORT, or add http: /PATH");
  }

  void check_xdp(const View& scheduler, const View& forwarding) {
    if (scheduler.given() && scheduler.ok() && scheduler.as<std::string>() != "mh")
      report(scheduler.mark(), fmt::format("scheduler {} beside kind xdp", scheduler.as<std::string>()),
             "it is mh by itself: leave it out, or write kind: ipvs");
    if (forwarding.given() && forwarding.ok() && forwarding.as<std::string>() == "nat")
      report(forwarding.mark(), "forwarding nat beside kind xdp",
             "it leaves packets as they are: leave it out, or write tunnel or direct");
  }

  void check_overlay() {
    const View subnet = overlay_["subnet"], length = overlay_["node-prefix"];
    if (!subnet.ok() || !length.ok()) return;
    const auto pods = subnet.as<Prefix>();
    const auto node_prefix = length.as<std::int64_t>();
    if (pods.address.bits() != 32)
      return report(subnet.mark(), "an IPv6 overlay is not built yet", "IPv4 is, as 172.16.0.0/16");
    if (node_prefix <= pods.length || node_prefix > 30)
      return report(length.mark(), fmt::format("node-prefix {} in the overlay {}", node_prefix, pods.str()),
                    fmt::format("write a number from {} to 30", pods.length + 1));
    // The first prefix of the subnet stays free, so that the overlay's own address is nobody's.
    const auto prefixes = (std::int64_t{1} << (node_prefix - pods.length)) - 1;
    const auto nodes = static_cast<std::int64_t>(role("node").size());
    const auto members = nodes + static_cast<std::int64_t>(role("route-reflector").size());
    if (nodes > prefixes || (members > prefixes && has_cloud()))
      return report(length.mark(),
                    fmt::format("{} nodes{}, and the overlay {} has {} prefixes of /{}", nodes,
                                nodes > prefixes ? "" : " and route reflectors behind a cloud's gateway",
                                pods.str(), prefixes, node_prefix),
                    "write a longer node-prefix, or a shorter subnet");
    if (nodes > 0) check_room(static_cast<int>(node_prefix), length.mark());
  }

  bool has_cloud() const {
    return std::ranges::any_of(networks_.each(),
                               [](const View& network) { return network["cloud"].given(); });
  }

  void check_room(int node_prefix, Mark mark) {
    std::vector<Replicas> wanted;
    std::int64_t total = 0;
    for (const View& service : services_) {
      const View pods = service["pods"]["replicas"], balancers = service["load-balancers"]["replicas"];
      if (!pods.ok() || !balancers.ok()) return;
      wanted.push_back(
          {pods.as<std::int64_t>(), service["load-balancers"].given() ? balancers.as<std::int64_t>() : 0});
      total += wanted.back().pods + wanted.back().load_balancers;
      if (total > most_pods)
        return report(service.name_mark(), fmt::format("more than {} pods", most_pods),
                      "write fewer replicas");
    }
    const auto nodes = role("node").size();
    if (const auto unseated = first_unseated(wanted, nodes, pods_per_node(node_prefix));
        unseated < wanted.size())
      report(mark,
             fmt::format("no room for the pods of service '{}': {} node{} of /{} hold {} pods each",
                         services_[unseated].name(), nodes, nodes == 1 ? "" : "s", node_prefix,
                         pods_per_node(node_prefix)),
             "write fewer replicas, more nodes, or a shorter node-prefix");
  }

  using Names = std::set<std::string>;
  /// Those on which others are their neighbours: in a cloud, all are the gateway's and nobody else's.
  Names networks_of(const std::vector<View>& nodes) const {
    Names names;
    for (const View& node : nodes)
      for (const View& on : node["interfaces"].each())
        if (const View network = networks_.at(on.name());
            !network["cloud"].given() || is_gateway(node, network))
          names.insert(on.name());
    return names;
  }

  /// Those on which packets of the overlay get from one of its members to another.
  Names underlays_of(const View& node) const {
    if (overlay_["backend"].as<std::string>() == "host-gw") return networks_of({node});
    Names names;
    for (const View& on : node["interfaces"].each()) names.insert(on.name());
    return names;
  }

  void check_on(const std::vector<View>& nodes, const Names& networks, const std::string& with,
                const std::string& why) {
    for (const View& node : nodes) {
      const auto interfaces = node["interfaces"].each();
      if (interfaces.empty()) continue;  // reported already
      if (std::ranges::none_of(interfaces, [&](const View& on) { return networks.contains(on.name()); }))
        report(node.name_mark(), fmt::format("node '{}' is on no network with {}", node.name(), with), why);
    }
  }

  /// Who must be a neighbour of whom for the service's packets and routes to pass.
  void check_paths() {
    const auto& nodes = role("node");
    const auto& reflectors = role("route-reflector");
    if (nodes.empty() || routers().empty()) return;
    const auto at_routers = networks_of(routers());
    check_on(nodes, at_routers, "a router that speaks BGP",
             "the router's next hops are the nodes' addresses");
    check_on(reflectors, at_routers, "a router that speaks BGP",
             "the reflector passes the routes on to the router");
    const auto at_first_node = underlays_of(nodes.front());
    const auto first = fmt::format("node '{}'", nodes.front().name());
    check_on(nodes, at_first_node, first, overlay_["backend"].as<std::string>() + " goes from node to node");
    check_on(reflectors, at_first_node, first, "the reflector has routes to the pods through the nodes");
  }

  View overlay_;
  std::vector<View> services_;
  View networks_;
  Diagnostics& out_;
  std::map<std::string, std::vector<View>> by_role_;
  std::string on_nodes_;  // the service whose load balancers are in the nodes
};

}  // namespace

void check_cluster(const View& topology, Diagnostics& out) { ClusterCheck(topology, out); }

}  // namespace lblab::model
