#include "lab/model/parse.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/good_topology.hpp"

namespace lblab::model {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::string file(const std::string& path) {
  std::ifstream in(std::string(LBLAB_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Parse, TheClusterOfThePapersIsWhatItsFileSays) {
  const Cluster cluster = good(file("topologies/ecmp.yaml"));
  EXPECT_EQ(cluster.name, "ecmp");

  ASSERT_EQ(cluster.networks.size(), 2u);
  EXPECT_EQ(cluster.networks[0].name, "internet");
  EXPECT_EQ(cluster.networks[1].subnet.str(), "10.0.0.0/16");

  ASSERT_EQ(cluster.nodes.size(), 6u);
  const Node& client = cluster.nodes[0];
  EXPECT_EQ(client.role, Role::client);
  EXPECT_EQ(client.gateway, "router");
  EXPECT_FALSE(client.bgp);
  const Node& router = cluster.nodes[1];
  EXPECT_EQ(router.role, Role::router);
  ASSERT_EQ(router.interfaces.size(), 2u);
  EXPECT_EQ(router.interfaces[1].name, "eth1");
  EXPECT_EQ(router.interfaces[1].network, "node-net");
  EXPECT_EQ(router.interfaces[1].address.str(), "10.0.0.110/16");
  ASSERT_TRUE(router.bgp);
  EXPECT_EQ(router.bgp->as, 65021u);
  EXPECT_EQ(router.bgp->agent, BgpAgent::gobgp);
  EXPECT_EQ(router.bgp->stale_time, 60s);
  EXPECT_EQ(cluster.nodes[2].role, Role::route_reflector);
  EXPECT_EQ(cluster.nodes[2].bgp->hold_time, 9s);
  EXPECT_EQ(cluster.nodes[5].name, "node3");
  EXPECT_EQ(cluster.nodes[5].role, Role::node);
  EXPECT_EQ(cluster.nodes[5].mark, (Mark{14, 3}));

  ASSERT_TRUE(cluster.overlay);
  EXPECT_EQ(cluster.overlay->subnet.str(), "172.16.0.0/16");
  EXPECT_EQ(cluster.overlay->node_prefix, 24);
  EXPECT_TRUE(cluster.overlay->masquerade);

  ASSERT_EQ(cluster.services.size(), 1u);
  const Service& web = cluster.services[0];
  EXPECT_EQ(web.addresses.str(), "10.1.1.0/24");
  EXPECT_EQ(web.port, 80);
  EXPECT_EQ(web.pods.replicas, 6);
  ASSERT_TRUE(web.load_balancers);
  EXPECT_EQ(web.load_balancers->replicas, 3);
  EXPECT_EQ(web.load_balancers->scheduler, "lc");
  EXPECT_EQ(web.load_balancers->forwarding, LoadBalancers::Forwarding::nat);
  EXPECT_EQ(web.load_balancers->health.kind, Health::Kind::tcp);
  EXPECT_EQ(web.load_balancers->health.port, 80);
  EXPECT_EQ(web.load_balancers->health.interval, 1s);
  EXPECT_EQ(web.load_balancers->health.fall, 3);
  EXPECT_EQ(web.load_balancers->drain_limit, 2s);
  EXPECT_EQ(cluster.node("rr"), &cluster.nodes[2]);
  EXPECT_EQ(cluster.node("nobody"), nullptr);
  EXPECT_EQ(cluster.service("web"), &web);
}

TEST(Parse, APlainLabHasNodesLinksRoutesAndProcesses) {
  const Cluster cluster = good(R"(
name: two
nodes:
  a:
  b:
    routes: [{to: 10.9.0.0/16, via: 10.0.0.1}, {to: 10.8.0.0/16, via: [10.0.0.1, 10.0.1.1]}]
    sysctls: {net.ipv4.ip_forward: 1}
    processes:
      - {run: "/usr/sbin/nginx -g 'daemon off;'"}
      - {name: echo, run: [nc, -lk, "80"], ready: "listening .*", restart: never, environment: {PORT: 80}}
links:
  - [a:eth0, b:eth0]
  - {ends: [a:eth1, b:wan], addresses: [10.0.0.1/30, 10.0.0.2/30]}
  - {ends: [a:eth2, b:eth2], addresses: [10.0.1.1/30, 10.0.1.2/30]}
)");
  ASSERT_EQ(cluster.nodes.size(), 2u);
  EXPECT_EQ(cluster.nodes[0].role, Role::plain);
  const Node& b = cluster.nodes[1];
  ASSERT_EQ(b.routes.size(), 2u);
  EXPECT_EQ(b.routes[0].destination.str(), "10.9.0.0/16");
  EXPECT_THAT(b.routes[0].via, ElementsAre(*Address::parse("10.0.0.1")));
  EXPECT_THAT(b.routes[1].via, ElementsAre(*Address::parse("10.0.0.1"), *Address::parse("10.0.1.1")));
  EXPECT_EQ(b.sysctls.at("net.ipv4.ip_forward"), "1");
  ASSERT_EQ(b.processes.size(), 2u);
  EXPECT_EQ(b.processes[0].name, "nginx");
  EXPECT_THAT(b.processes[0].argv, ElementsAre("/usr/sbin/nginx", "-g", "daemon off;"));
  EXPECT_TRUE(b.processes[0].restart);
  EXPECT_FALSE(b.processes[0].ready);
  EXPECT_THAT(b.processes[1].argv, ElementsAre("nc", "-lk", "80"));
  EXPECT_EQ(b.processes[1].ready, "listening .*");
  EXPECT_FALSE(b.processes[1].restart);
  EXPECT_EQ(b.processes[1].environment.at("PORT"), "80");

  ASSERT_EQ(cluster.links.size(), 3u);
  EXPECT_EQ(cluster.links[0].ends[0].node, "a");
  EXPECT_EQ(cluster.links[0].ends[1].interface, "eth0");
  EXPECT_FALSE(cluster.links[0].ends[0].address);
  EXPECT_EQ(cluster.links[1].ends[1].interface, "wan");
  EXPECT_EQ(cluster.links[1].ends[1].address->str(), "10.0.0.2/30");
}

TEST(Parse, EveryShippedTopologyIsWithoutMistakes) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(LBLAB_SOURCE_DIR) + "/topologies")) {
    if (entry.path().extension() != ".yaml") continue;
    const Cluster cluster = good(file("topologies/" + entry.path().filename().string()));
    EXPECT_EQ(cluster.name, entry.path().stem()) << "a lab is found by the name of its file";
    ++files;
  }
  EXPECT_GE(files, 4);
}

/// Defaults are read from the table of keys; those of the structs serve who makes a Cluster in code. They
/// must agree.
TEST(Parse, AbsentKeysMeanWhatTheStructsSay) {
  const Cluster cluster = good(R"(
name: t
networks: {net: {subnet: 10.0.0.0/24}}
nodes:
  r: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}
  n: {role: node, interfaces: {net: 10.0.0.2}, processes: [{run: x}]}
overlay: {}
services: {web: {addresses: 10.1.1.0/24, load-balancers: {}}}
)");
  const Bgp& bgp = cluster.nodes[0].bgp.value();
  EXPECT_EQ(bgp.as, Bgp{}.as);
  EXPECT_EQ(bgp.agent, Bgp{}.agent);
  EXPECT_EQ(bgp.hold_time, Bgp{}.hold_time);
  EXPECT_EQ(bgp.stale_time, Bgp{}.stale_time);
  EXPECT_EQ(bgp.groups, Bgp{}.groups);
  EXPECT_EQ(cluster.nodes[1].processes[0].restart, UserProcess{}.restart);
  EXPECT_EQ(cluster.overlay->backend, Overlay{}.backend);
  EXPECT_EQ(cluster.overlay->subnet.str(), "172.16.0.0/16");  // system.md
  EXPECT_EQ(cluster.overlay->node_prefix, Overlay{}.node_prefix);
  EXPECT_EQ(cluster.overlay->masquerade, Overlay{}.masquerade);
  const Service& web = cluster.services[0];
  EXPECT_EQ(web.port, Service{}.port);
  EXPECT_EQ(web.pods.replicas, Pods{}.replicas);
  EXPECT_EQ(web.pods.app, Pods{}.app);
  const LoadBalancers &given = web.load_balancers.value(), standard;
  EXPECT_EQ(given.replicas, standard.replicas);
  EXPECT_EQ(given.kind, standard.kind);
  EXPECT_EQ(given.forwarding, standard.forwarding);
  EXPECT_EQ(given.scheduler, standard.scheduler);
  EXPECT_EQ(given.masquerade, standard.masquerade);
  EXPECT_EQ(given.hold_time, standard.hold_time);
  EXPECT_EQ(given.announce_limit, standard.announce_limit);
  EXPECT_EQ(given.drain_limit, standard.drain_limit);
  EXPECT_EQ(given.health.kind, standard.health.kind);
  EXPECT_EQ(given.health.port, standard.health.port);
  EXPECT_EQ(given.health.path, standard.health.path);
  EXPECT_EQ(given.health.interval, standard.health.interval);
  EXPECT_EQ(given.health.timeout, standard.health.timeout);
  EXPECT_EQ(given.health.rise, standard.health.rise);
  EXPECT_EQ(given.health.fall, standard.health.fall);
}

TEST(Parse, EveryChoiceIsReadAsItself) {
  const auto with = [](const std::string& what) {
    return good(
        "name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\nnodes:\n  r: {role: router, interfaces: {net: "
        "10.0.0.1}, bgp: {agent: bird}}\n"
        "  n: {role: node, interfaces: {net: 10.0.0.2}}\noverlay: {}\n"
        "services: {web: {addresses: 10.1.1.1, load-balancers: {" +
        what + "}}}\n");
  };
  EXPECT_EQ(with("").nodes[0].bgp->agent, BgpAgent::bird);
  EXPECT_EQ(with("").services[0].addresses.str(), "10.1.1.1/32");
  EXPECT_EQ(with("forwarding: direct").services[0].load_balancers->forwarding,
            LoadBalancers::Forwarding::direct);
  EXPECT_EQ(with("forwarding: tunnel").services[0].load_balancers->forwarding,
            LoadBalancers::Forwarding::tunnel);
  EXPECT_EQ(with("kind: xdp").services[0].load_balancers->forwarding, LoadBalancers::Forwarding::tunnel)
      << "it has no nat";
  EXPECT_EQ(with("kind: xdp, forwarding: direct").services[0].load_balancers->forwarding,
            LoadBalancers::Forwarding::direct);
  EXPECT_EQ(with("scheduler: mh").services[0].load_balancers->scheduler, "mh");
  const auto ipvs =
      with(
          "scheduler: mh, scheduler-flags: [mh-port], persistence: 2m, thresholds: {upper: 9, lower: 5}, "
          "timeouts: {tcp: 5m, tcpfin: 7s, udp: 8s}, sloppy-tcp: true")
          .services[0]
          .load_balancers->ipvs;
  EXPECT_EQ(ipvs.scheduler_flags, std::vector<std::string>{"mh-port"});
  EXPECT_EQ(ipvs.persistence, 2min);
  EXPECT_EQ(ipvs.upper, 9);
  EXPECT_EQ(ipvs.lower, 5);
  EXPECT_FALSE(ipvs.one_packet);
  EXPECT_EQ(ipvs.tcp, 5min);
  EXPECT_EQ(ipvs.tcpfin, 7s);
  EXPECT_EQ(ipvs.udp, 8s);
  EXPECT_TRUE(ipvs.sloppy_tcp);
  EXPECT_EQ(with("health: {none: true}").services[0].load_balancers->health.kind, Health::Kind::none);
  const Health http =
      with("health: {http: /ok, port: 81, timeout: 250ms}").services[0].load_balancers->health;
  EXPECT_EQ(http.kind, Health::Kind::http);
  EXPECT_EQ(http.path, "/ok");
  EXPECT_EQ(http.port, 81);
  EXPECT_EQ(http.timeout, 250ms);
  EXPECT_EQ(with("health: {http: /ok}").services[0].load_balancers->health.port, 0) << "the service's";
  EXPECT_FALSE(with("masquerade: false").services[0].load_balancers->masquerade);
  const auto router = good(
      "name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\n"
      "nodes: {r: {role: router, interfaces: {net: 10.0.0.1}, bgp: {groups: resilient}}}\n");
  EXPECT_EQ(router.nodes[0].bgp->groups, NexthopGroups::resilient);
}

TEST(Parse, WithoutAReflectorTheLoadBalancersPeerWithTheRouter) {
  // The papers' failure (two load-balancer pods behind one node's address) needs such a lab.
  EXPECT_TRUE(good("name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\nnodes:\n  r: {role: router, interfaces: "
                   "{net: 10.0.0.1}, bgp: {}}\n"
                   "  n: {role: node, interfaces: {net: 10.0.0.2}}\noverlay: {}\n"
                   "services: {web: {addresses: 10.1.1.0/24, load-balancers: {}}, app: {addresses: "
                   "10.1.2.0/24, load-balancers: {}}}\n")
                  .service("app"));
}

TEST(Parse, AByteOrderMarkAndWindowsLineEndsAreNoMistake) {
  EXPECT_EQ(good("\xef\xbb\xbfname: t\r\nnodes:\r\n  a: {}\r\n").nodes[0].name, "a");
}

TEST(Format, NamesFileLineAndColumn) {
  EXPECT_EQ(format({{23, 7}, "unknown key 'replcas'", "did you mean 'replicas'?"}, "ecmp.yaml"),
            "ecmp.yaml:23:7: unknown key 'replcas'; did you mean 'replicas'?");
  EXPECT_EQ(format({{1, 1}, "the file is empty", ""}, "x"), "x:1:1: the file is empty");
}

}  // namespace
}  // namespace lblab::model
