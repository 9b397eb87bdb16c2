#include "lab/model/read.hpp"

#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

Network read_network(const View& view) {
  Network network{.name = view.name(), .subnet = view["subnet"].as<Prefix>(), .mark = view.name_mark()};
  if (view["cloud"].given())
    network.cloud = view["cloud"].as<std::string>() == "gcp" ? Cloud::gcp : Cloud::aws;
  for (const View& subnet : view["subnets"].each()) network.subnets.push_back(subnet.as<Prefix>());
  return network;
}

int segment_length(const Network& network, const Address& address) {
  if (network.cloud == Cloud::gcp) return address.bits();
  for (const auto& subnet : network.subnets)
    if (subnet.contains(address)) return subnet.length;
  return network.subnet.length;
}

std::vector<int> read_processors(const View& view) {
  std::vector<int> processors;
  for (const View& one : view.each()) processors.push_back(one.as<int>());
  return processors;
}

std::vector<Interface> read_interfaces(const View& node, const View& networks) {
  std::vector<Interface> interfaces;
  for (const View& on : node["interfaces"].each()) {
    const auto address = on["address"].as<Address>();
    const Prefix in_segment{address, segment_length(read_network(networks.at(on.name())), address)};
    interfaces.push_back({.name = "eth" + std::to_string(interfaces.size()),
                          .network = on.name(),
                          .address = in_segment,
                          .impairment = read_impairment(on["impair"]),
                          .rss = on["rss"].as<int>(),
                          .rps = read_processors(on["rps"]),
                          .is_gateway = is_gateway(node, networks.at(on.name())),
                          .mark = on.name_mark()});
  }
  return interfaces;
}

Bgp read_bgp(const View& view) {
  return {.as = static_cast<std::uint32_t>(view["as"].as<std::int64_t>()),
          .agent = choice<BgpAgent>(view["agent"], {"gobgp", "frr", "bird"}),
          .hold_time = view["hold-time"].as<milliseconds>(),
          .stale_time = view["stale-time"].as<milliseconds>(),
          .groups = choice<NexthopGroups>(view["groups"], {"plain", "resilient"}),
          .mark = view.name_mark()};
}

UserRoute read_route(const View& view) {
  UserRoute route{.destination = view["to"].as<Prefix>(), .via = {}, .mark = view.mark()};
  for (const View& via : view["via"].each()) route.via.push_back(via.as<Address>());
  return route;
}

std::map<std::string, std::string> read_texts(const View& view) {
  std::map<std::string, std::string> texts;
  for (const View& text : view.each()) texts.emplace(text.name(), text.as<std::string>());
  return texts;
}

UserProcess read_process(const View& view) {
  UserProcess process{.name = process_name(view),
                      .argv = view["run"].as<std::vector<std::string>>(),
                      .environment = read_texts(view["environment"]),
                      .ready = {},
                      .restart = view["restart"].as<std::string>() == "after",
                      .mark = view.mark()};
  if (view["ready"].given()) process.ready = view["ready"].as<std::string>();
  return process;
}

Node read_node(const View& view, const View& networks) {
  Node node{.name = view.name(),
            .role = choice<Role>(view["role"], {"plain", "client", "router", "route-reflector", "node"}),
            .holds = choice<Holds>(view["holds"], {"all", "pods", "load-balancers"}),
            .interfaces = read_interfaces(view, networks),
            .gateway = {},
            .bgp = {},
            .routes = {},
            .sysctls = read_texts(view["sysctls"]),
            .processes = {},
            .mark = view.name_mark()};
  if (view["gateway"].given()) node.gateway = view["gateway"].as<std::string>();
  if (view["bgp"].given()) node.bgp = read_bgp(view["bgp"]);
  for (const View& route : view["routes"].each()) node.routes.push_back(read_route(route));
  for (const View& process : view["processes"].each()) node.processes.push_back(read_process(process));
  return node;
}

PlainLink read_plain_link(const View& view) {
  PlainLink link{.ends = {}, .impairment = read_impairment(view["impair"]), .mark = view.mark()};
  int n = 0;
  for (const View& end : view["ends"].each()) {
    const auto [node, interface] = end.as<LinkEnd>();
    link.ends[n++] = {node, interface, {}};
  }
  n = 0;
  for (const View& address : view["addresses"].each()) link.ends[n++].address = address.as<Prefix>();
  return link;
}

Overlay read_overlay(const View& view) {
  return {.backend = choice<Overlay::Backend>(view["backend"], {"host-gw", "vxlan", "udp", "ipip"}),
          .subnet = view["subnet"].as<Prefix>(),
          .node_prefix = view["node-prefix"].as<int>(),
          .masquerade = view["masquerade"].as<bool>(),
          .mark = view.name_mark()};
}

/// XDP leaves packets as they are, and so has another default than the other kinds.
LoadBalancers::Forwarding read_forwarding(const View& balancers) {
  const View forwarding = balancers["forwarding"];
  if (!forwarding.given() && balancers["kind"].as<std::string>() == "xdp")
    return LoadBalancers::Forwarding::tunnel;
  return choice<LoadBalancers::Forwarding>(forwarding, {"nat", "direct", "tunnel"});
}

Health read_health(const View& view) {
  Health health{.kind = Health::Kind::tcp,
                .port = 0,
                .path = "/",
                .interval = view["interval"].as<milliseconds>(),
                .timeout = view["timeout"].as<milliseconds>(),
                .rise = view["rise"].as<int>(),
                .fall = view["fall"].as<int>()};
  View port = view["tcp"];
  if (view["none"].as<bool>()) {
    health.kind = Health::Kind::none;
  } else if (view["http"].given()) {
    health.kind = Health::Kind::http;
    health.path = view["http"].as<std::string>();
    port = view["port"];
  }
  health.port = static_cast<std::uint16_t>(port.as<std::int64_t>());
  return health;
}

IpvsOptions read_ipvs(const View& view) {
  const View thresholds = view["thresholds"], timeouts = view["timeouts"];
  IpvsOptions ipvs{.persistence = view["persistence"].as<milliseconds>(),
                   .upper = thresholds["upper"].as<int>(),
                   .lower = thresholds["lower"].as<int>(),
                   .one_packet = view["one-packet"].as<bool>(),
                   .tcp = timeouts["tcp"].as<milliseconds>(),
                   .tcpfin = timeouts["tcpfin"].as<milliseconds>(),
                   .udp = timeouts["udp"].as<milliseconds>(),
                   .sloppy_tcp = view["sloppy-tcp"].as<bool>()};
  for (const View& flag : view["scheduler-flags"].each())
    ipvs.scheduler_flags.push_back(flag.as<std::string>());
  return ipvs;
}

LoadBalancers read_load_balancers(const View& view) {
  return {.replicas = view["replicas"].as<int>(),
          .in = choice<LoadBalancers::Place>(view["in"], {"pod", "node"}),
          .kind = view["kind"].as<std::string>(),
          .forwarding = read_forwarding(view),
          .scheduler = view["scheduler"].as<std::string>(),
          .ipvs = read_ipvs(view),
          .health = read_health(view["health"]),
          .masquerade = view["masquerade"].as<bool>(),
          .announcer = choice<Announcer>(view["announcer"], {"exabgp", "gobgp", "frr", "bird"}),
          .hold_time = view["hold-time"].as<milliseconds>(),
          .announce_limit = view["announce-limit"].as<milliseconds>(),
          .drain_limit = view["drain-limit"].as<milliseconds>(),
          .mark = view.name_mark()};
}

Service read_service(const View& view) {
  Service service{
      .name = view.name(),
      .addresses = view["addresses"].as<Prefix>(),
      .port = static_cast<std::uint16_t>(view["port"].as<std::int64_t>()),
      .udp = view["udp"].as<bool>(),
      .pods = {.replicas = view["pods"]["replicas"].as<int>(), .app = view["pods"]["app"].as<std::string>()},
      .load_balancers = {},
      .mark = view.name_mark()};
  if (view["load-balancers"].given()) service.load_balancers = read_load_balancers(view["load-balancers"]);
  return service;
}

}  // namespace

std::vector<std::string> texts(const View& list) {
  std::vector<std::string> all;
  for (const View& value : list.each()) all.push_back(value.as<std::string>());
  return all;
}

bool is_gateway(const View& node, const View& network) {
  const View address = node["interfaces"].at(network.name())["address"], subnet = network["subnet"];
  return node["role"].as<std::string>() == "router" && network["cloud"].ok() &&
         network["cloud"].as<std::string>() == "gcp" && address.ok() && subnet.ok() &&
         address.as<Address>() == subnet.as<Prefix>().network().address + 1;
}

std::optional<Impairment> read_impairment(const View& view) {
  if (!view.given()) return std::nullopt;
  return Impairment{.delay = view["delay"].as<milliseconds>(),
                    .jitter = view["jitter"].as<milliseconds>(),
                    .loss = view["loss"].as<double>(),
                    .duplicate = view["duplicate"].as<double>(),
                    .reorder = view["reorder"].as<double>(),
                    .rate_bits = view["rate"].as<std::uint64_t>()};
}

std::string process_name(const View& process) {
  if (process["name"].given()) return process["name"].as<std::string>();
  const auto words = process["run"].as<std::vector<std::string>>();
  return words.empty() ? "" : words.front().substr(words.front().rfind('/') + 1);
}

Cluster read_cluster(const View& root) {
  Cluster cluster{.name = root["name"].as<std::string>(),
                  .networks = {},
                  .nodes = {},
                  .links = {},
                  .overlay = {},
                  .services = {},
                  .scenarios = {},
                  .benches = {}};
  for (const View& network : root["networks"].each()) cluster.networks.push_back(read_network(network));
  for (const View& node : root["nodes"].each()) cluster.nodes.push_back(read_node(node, root["networks"]));
  for (const View& link : root["links"].each()) cluster.links.push_back(read_plain_link(link));
  if (root["overlay"].given()) cluster.overlay = read_overlay(root["overlay"]);
  for (const View& service : root["services"].each()) cluster.services.push_back(read_service(service));
  for (const View& scenario : root["scenarios"].each())
    cluster.scenarios.push_back(read_scenario(scenario, root));
  for (const View& bench : root["bench"].each())
    cluster.benches.push_back(read_bench(bench, root["services"]));
  return cluster;
}

}  // namespace lblab::model
