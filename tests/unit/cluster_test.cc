#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>

#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"
#include "tests/unit/golden.hpp"
#include "tests/unit/lab_text.hpp"

namespace lblab::cluster {
namespace {

using model::Cluster;
using model::Host;
using model::Lab;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Cluster parsed(const std::string& yaml) {
  auto result = model::parse(yaml);
  for (const auto& diagnostic : result.diagnostics) ADD_FAILURE() << format(diagnostic, "topology");
  return result.cluster.value_or(Cluster{});
}

Lab expanded(const Cluster& cluster) {
  Placement placement;
  return expand(cluster, placement);
}

Lab ecmp() { return expanded(parsed(test::topology("ecmp.yaml"))); }

std::vector<std::string> routes(const Host& host) {
  std::vector<std::string> texts;
  for (const auto& route : host.routes) texts.push_back(test::text(route));
  return texts;
}

std::vector<std::string> links(const Host& host) {
  std::vector<std::string> texts;
  for (const auto& link : host.links) texts.push_back(test::text(link));
  return texts;
}

std::vector<std::string> hosts(const Lab& lab, const std::string& role) {
  std::vector<std::string> names;
  for (const auto& [name, host] : lab.hosts)
    if (host.role == role) names.push_back(name);
  return names;
}

const std::string& file(const Host& host, const std::string& path) {
  return std::ranges::find(host.files, path, &model::File::path)->text;
}

std::vector<std::string> processes(const Host& host) {
  std::vector<std::string> names;
  for (const auto& process : host.processes) names.push_back(process.name);
  return names;
}

/// What the load balancers of a lab announce: "route via next hop, from the pod's address".
std::vector<std::string> announcements(const Lab& lab) {
  std::vector<std::string> found;
  for (const auto& name : hosts(lab, "load-balancer")) {
    const auto& text = file(lab.hosts.at(name), "/run/lbd/lbd.yaml");
    const auto at = text.find("announce: {route");
    found.push_back(name + " " + text.substr(at, text.find('}', at) - at + 1));
  }
  return found;
}

TEST(ThePapersCluster, AsAWhole) { test::expect_golden("ecmp/lab.txt", test::text(ecmp())); }

TEST(ThePapersCluster, FilesOfTheRouter) {
  test::expect_golden("ecmp/router.gobgpd.yaml", file(ecmp().hosts.at("router"), "/run/gobgpd/gobgpd.yaml"));
}

TEST(ThePapersCluster, FilesOfTheReflector) {
  test::expect_golden("ecmp/rr.gobgpd.yaml", file(ecmp().hosts.at("rr"), "/run/gobgpd/gobgpd.yaml"));
}

TEST(ThePapersCluster, FilesOfALoadBalancer) {
  const auto lab = ecmp();
  const auto& pod = lab.hosts.at("web-lb-2");
  test::expect_golden("ecmp/web-lb-2.lbd.yaml", file(pod, "/run/lbd/lbd.yaml"));
  test::expect_golden("ecmp/web-lb-2.endpoints.json", file(pod, "/run/lbd/endpoints/web.json"));
  test::expect_golden("ecmp/web-lb-2.exabgp.conf", file(pod, "/run/exabgp/exabgp.conf"));
}

TEST(ThePapersCluster, FilesOfAWebPod) {
  test::expect_golden("ecmp/web-1.nginx.conf", file(ecmp().hosts.at("web-1"), "/run/nginx/nginx.conf"));
}

TEST(ThePapersCluster, RouterAndClientKnowNothingOfTheOverlay) {
  const auto lab = ecmp();
  const auto overlay = *model::Prefix::parse("172.16.0.0/16");
  for (const auto* name : {"router", "client"})
    for (const auto& route : lab.hosts.at(name).routes) {
      EXPECT_FALSE(overlay.contains(route.destination)) << name << ": " << test::text(route);
      for (const auto& hop : route.next_hops)
        EXPECT_FALSE(hop.via && overlay.contains(*hop.via)) << test::text(route);
    }
  EXPECT_THAT(routes(lab.hosts.at("router")), IsEmpty());
}

TEST(ThePapersCluster, ReflectorKnowsTheOverlay) {
  EXPECT_THAT(routes(ecmp().hosts.at("rr")),
              ElementsAre("172.16.1.0/24 via 10.0.0.105 dev eth0", "172.16.2.0/24 via 10.0.0.106 dev eth0",
                          "172.16.3.0/24 via 10.0.0.107 dev eth0"));
}

TEST(ThePapersCluster, ServiceIsReachedThroughTheLoadBalancersAddressAndNotByArpOnTheBridge) {
  const auto lab = ecmp();
  EXPECT_THAT(routes(lab.hosts.at("node2")), testing::Contains("10.1.1.0/24 via 172.16.2.4 dev cbr0"));
  for (const auto& [name, host] : lab.hosts)
    for (const auto& route : host.routes)
      if (route.destination.str() == "10.1.1.0/24" && route.type == model::Route::Type::unicast) {
        EXPECT_TRUE(route.next_hops.front().via) << name;
      }
}

// With the default route alone, what reaches a pod whose lbd has ended goes back to the node, which sends it
// here again.
TEST(ThePapersCluster, WithoutLbdAPodDropsWhatComesForTheServiceInsteadOfReturningIt) {
  EXPECT_THAT(routes(ecmp().hosts.at("web-lb-1")), testing::Contains("blackhole 10.1.1.0/24"));
}

TEST(ThePapersCluster, MasqueradeSparesTheOverlayAndItsMembersButNotTheRouter) {
  const auto ruleset = ecmp().hosts.at("node1").nftables;
  EXPECT_THAT(ruleset, HasSubstr("ip saddr 172.16.0.0/16 ip daddr != 172.16.0.0/16 ip daddr != { 10.0.0.105, "
                                 "10.0.0.106, 10.0.0.107, "
                                 "10.0.0.109 } masquerade"));
  EXPECT_THAT(ruleset, Not(HasSubstr("10.0.0.110")));
  EXPECT_THAT(ruleset, Not(HasSubstr("10.0.0.0/16")));
}

TEST(ThePapersCluster, OnlyNodesMasquerade) {
  for (const auto& [name, host] : ecmp().hosts) EXPECT_EQ(host.nftables.empty(), host.role != "node") << name;
}

TEST(ThePapersCluster, RouterHashesOverThePacketAndDropsDeadNextHops) {
  const auto sysctls = ecmp().hosts.at("router").sysctls;
  EXPECT_EQ(sysctls.at("net.ipv4.fib_multipath_hash_policy"), "3");
  EXPECT_EQ(std::stoi(sysctls.at("net.ipv4.fib_multipath_hash_fields")), 0x37);
  EXPECT_EQ(sysctls.at("net.ipv4.conf.default.ignore_routes_with_linkdown"), "1");
  EXPECT_EQ(sysctls.at("net.ipv4.ip_forward"), "1");
}

TEST(ARouter, MakesTheGroupsThatItsBgpAsksFor) {
  const auto lab =
      expanded(parsed("name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\n"
                      "nodes: {r: {role: router, interfaces: {net: 10.0.0.1}, bgp: {groups: resilient}}}\n"));
  const auto& all = lab.hosts.at("r").processes;
  const auto fibd = std::ranges::find(all, "fibd", &model::Process::name);
  ASSERT_NE(fibd, all.end());
  EXPECT_THAT(fibd->argv, testing::IsSupersetOf({"--groups", "resilient"}));
}

TEST(ThePapersCluster, NobodyFiltersReversePathsOrInheritsForwarding) {
  for (const auto& [name, host] : ecmp().hosts) {
    EXPECT_EQ(host.sysctls.at("net.ipv4.conf.all.rp_filter"), "0") << name;
    EXPECT_EQ(host.sysctls.at("net.ipv4.conf.default.rp_filter"), "0") << name;
    const bool forwards = host.role == "router" || host.role == "node" || host.role == "load-balancer";
    EXPECT_EQ(host.sysctls.at("net.ipv4.ip_forward"), forwards ? "1" : "0") << name;
    EXPECT_EQ(host.sysctls.at("-net.ipv6.conf.all.disable_ipv6"), "1") << name;
  }
}

TEST(ThePapersCluster, WebPodsDoNotAnswerArpForWhatIsNotTheirInterfaces) {
  const auto sysctls = ecmp().hosts.at("web-1").sysctls;
  EXPECT_EQ(sysctls.at("net.ipv4.conf.all.arp_ignore"), "1");
  EXPECT_EQ(sysctls.at("net.ipv4.conf.all.arp_announce"), "2");
}

TEST(ThePapersCluster, BridgedPacketsDoNotVisitNftables) {
  for (const auto* name : {"fabric", "node1"})
    EXPECT_EQ(ecmp().hosts.at(name).sysctls.at("-net.bridge.bridge-nf-call-iptables"), "0");
}

TEST(ThePapersCluster, BgpAgentsStartBeforeTheRestAndExabgpBeforeWhatIsQuickToStart) {
  const auto lab = ecmp();
  std::multimap<int, std::string> by_rank;
  for (const auto& name : {"router", "rr", "web-1", "web-lb-1"})
    for (const auto& process : lab.hosts.at(name).processes)
      if (process.name != "fibd") by_rank.emplace(process.rank, process.name);
  std::vector<std::string> names;
  for (const auto& [rank, name] : by_rank) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("gobgpd", "gobgpd", "exabgp", "nginx", "lbd"));
}

TEST(ThePapersCluster, EveryFarEndOfAVethIsMadeByExactlyOneNearEnd) {
  const auto lab = ecmp();
  std::multiset<std::string> made, waiting;
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links) {
      if (const auto* near = std::get_if<model::Veth>(&link.kind))
        made.insert(near->peer_host + ":" + near->peer_link);
      if (std::holds_alternative<model::VethPeer>(link.kind)) waiting.insert(name + ":" + link.name);
    }
  EXPECT_EQ(made, waiting);
}

TEST(ThePapersCluster, LinkNamesFitAndAreUniqueInTheirHost) {
  for (const auto& [name, host] : ecmp().hosts) {
    std::set<std::string> seen;
    for (const auto& link : host.links) {
      EXPECT_LE(link.name.size(), 15u) << name << ":" << link.name;
      EXPECT_TRUE(seen.insert(link.name).second) << name << ":" << link.name;
    }
  }
}

// Table 4.6 of the dissertation: which nodes are next hops of which service.
TEST(Table46, OneLoadBalancer) {
  EXPECT_THAT(announcements(expanded(parsed(test::topology("one-lb.yaml")))),
              ElementsAre("web-lb-1 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.105}"));
}

TEST(Table46, ThreeLoadBalancersOnThreeNodes) {
  EXPECT_THAT(announcements(ecmp()),
              ElementsAre("web-lb-1 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.105}",
                          "web-lb-2 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.106}",
                          "web-lb-3 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.107}"));
}

TEST(Table46, TwoServicesOnTheSameNodes) {
  const auto lab = expanded(parsed(test::topology("two-services.yaml")));
  EXPECT_THAT(announcements(lab),
              ElementsAre("app-lb-1 announce: {route: 10.1.2.0/24, next-hop: 10.0.0.105}",
                          "app-lb-2 announce: {route: 10.1.2.0/24, next-hop: 10.0.0.106}",
                          "web-lb-1 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.105}",
                          "web-lb-2 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.106}",
                          "web-lb-3 announce: {route: 10.1.1.0/24, next-hop: 10.0.0.107}"));
}

TEST(Table46, TwoServicesOnOneNodeHaveSessionsAndMarksOfTheirOwn) {
  const auto lab = expanded(parsed(test::topology("two-services.yaml")));
  const auto& web = lab.hosts.at("web-lb-1");
  const auto& app = lab.hosts.at("app-lb-1");
  const auto local = [](const Host& host) {
    return "local-address " + host.links.front().addresses.front().address.str() + ";";
  };
  EXPECT_NE(local(web), local(app));
  for (const auto* host : {&web, &app})
    EXPECT_THAT(file(*host, "/run/exabgp/exabgp.conf"), HasSubstr(local(*host)));
  EXPECT_THAT(file(web, "/run/lbd/lbd.yaml"), HasSubstr("mark: 1\n"));
  EXPECT_THAT(file(app, "/run/lbd/lbd.yaml"), HasSubstr("mark: 2\n"));
}

TEST(Table46, ANodeWithoutALoadBalancerOfAServiceSendsItToTheRouter) {
  const auto lab = expanded(parsed(test::topology("two-services.yaml")));
  EXPECT_THAT(routes(lab.hosts.at("node3")), Not(testing::Contains(HasSubstr("10.1.2.0/24"))));
  EXPECT_THAT(routes(lab.hosts.at("node3")), testing::Contains("0.0.0.0/0 via 10.0.0.110 dev eth0"));
}

TEST(BalancersInNodes, AreProcessesOfTheNodesThatAnnounceAndBalanceByThemselves) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  auto& balancers = *cluster.services[0].load_balancers;
  balancers.in = model::LoadBalancers::Place::node;
  balancers.replicas = 2;
  const auto lab = expanded(cluster);
  EXPECT_THAT(hosts(lab, "load-balancer"), IsEmpty());
  const auto& node = lab.hosts.at("node1");
  EXPECT_THAT(processes(node), ElementsAre("lbd", "exabgp"));
  EXPECT_THAT(processes(lab.hosts.at("node3")), IsEmpty());
  EXPECT_THAT(routes(node), testing::Contains(HasSubstr("blackhole")));
  EXPECT_THAT(file(node, "/run/exabgp/exabgp.conf"), HasSubstr("local-address 172.16.1.1"))
      << "one of those whom the reflector waits for";
  EXPECT_THAT(file(node, "/run/lbd/lbd.yaml"), HasSubstr("next-hop: 10.0.0.105"));
  EXPECT_FALSE(node.sysctls.contains("net.ipv4.conf.all.accept_local"));
  balancers.announcer = model::Announcer::bird;
  EXPECT_THAT(processes(expanded(cluster).hosts.at("node1")), ElementsAre("lbd", "bird", "lbd-announce"));
  balancers.forwarding = model::LoadBalancers::Forwarding::tunnel;
  EXPECT_EQ(expanded(cluster).hosts.at("node1").sysctls.at("net.ipv4.conf.all.accept_local"), "1");
}

TEST(BalancersInNodes, WhereNobodySpeaksBgpNothingIsAnnounced) {
  const auto lab = expanded(parsed(test::topology("conventional.yaml")));
  const auto& node = lab.hosts.at("node1");
  EXPECT_THAT(processes(node), ElementsAre("lbd"));
  EXPECT_THAT(node.processes.front().after, IsEmpty());
  EXPECT_THAT(file(node, "/run/lbd/lbd.yaml"), Not(HasSubstr("announce")));
  EXPECT_THAT(processes(lab.hosts.at("office")), IsEmpty());
}

TEST(Scaling, ThereAndBackGivesTheSameLab) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  Placement placement;
  const auto before = expand(cluster, placement);
  cluster.services[0].load_balancers->replicas = 1;
  cluster.services[0].pods.replicas = 2;
  const auto scaled = expand(cluster, placement);
  EXPECT_THAT(hosts(scaled, "load-balancer"), ElementsAre("web-lb-1"));
  EXPECT_THAT(hosts(scaled, "pod"), ElementsAre("web-1", "web-2"));
  cluster.services[0].load_balancers->replicas = 3;
  cluster.services[0].pods.replicas = 6;
  EXPECT_EQ(test::text(before), test::text(expand(cluster, placement)));
  EXPECT_EQ(before, expand(cluster, placement));
}

TEST(Scaling, WhatStaysIsNotTouchedButForTheListOfEndpoints) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  Placement placement;
  const auto before = expand(cluster, placement);
  cluster.services[0].pods.replicas = 7;
  auto after = expand(cluster, placement);
  EXPECT_EQ(before.hosts.at("web-1"), after.hosts.at("web-1"));
  EXPECT_EQ(before.hosts.at("router"), after.hosts.at("router"));
  EXPECT_EQ(before.hosts.at("node2"), after.hosts.at("node2"));  // web-7 goes to node1
  auto balancer = after.hosts.at("web-lb-1");
  EXPECT_THAT(file(balancer, "/run/lbd/endpoints/web.json"), HasSubstr("\"web-7\""));
  balancer.files = before.hosts.at("web-lb-1").files;
  EXPECT_EQ(before.hosts.at("web-lb-1"), balancer);
}

TEST(Scaling, MoreLoadBalancersThanNodesIsRefusedWithTheReason) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  Placement placement;
  expand(cluster, placement);
  const auto seats = placement.seats;
  cluster.services[0].load_balancers->replicas = 4;
  try {
    expand(cluster, placement);
    FAIL() << "4 load balancers were placed on 3 nodes";
  } catch (const Unplaceable& refusal) {
    EXPECT_STREQ(refusal.what(),
                 "web: 4 load balancers, but only 3 nodes, and a node holds at most one load-balancer pod of "
                 "a service");
  }
  EXPECT_EQ(placement.seats, seats);
}

TEST(Scaling, MorePodsThanAddressesIsRefusedWithTheReason) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  cluster.overlay->node_prefix = 29;  // 6 host addresses, one of them the bridge's
  cluster.services[0].pods.replicas = 13;
  Placement placement;
  try {
    expand(cluster, placement);
    FAIL() << "16 pods were placed in 15 addresses";
  } catch (const Unplaceable& refusal) {
    EXPECT_STREQ(
        refusal.what(),
        "web: 3 load balancers, but the pod prefixes of the 3 nodes (/29 each) have no address left");
  }
  cluster.services[0].pods.replicas = 12;
  EXPECT_NO_THROW(expand(cluster, placement));
}

TEST(Scaling, APodThatWouldTakeANodesNameIsRefused) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  cluster.nodes.push_back({.name = "web-7"});
  Placement placement;
  EXPECT_NO_THROW(expand(cluster, placement));
  cluster.services[0].pods.replicas = 7;
  EXPECT_THROW(expand(cluster, placement), Unplaceable);
}

TEST(WithoutAReflector, AnnouncersOfOneNodeMeetTheRouterFromOneAddress) {
  auto cluster = parsed(test::topology("two-services.yaml"));
  std::erase_if(cluster.nodes, [](const auto& node) { return node.name == "rr"; });
  const auto lab = expanded(cluster);
  for (const auto* pod : {"web-lb-1", "app-lb-1"})
    EXPECT_THAT(file(lab.hosts.at(pod), "/run/exabgp/exabgp.conf"), HasSubstr("neighbor 10.0.0.110 {"));
  test::expect_golden("direct/router.gobgpd.yaml", file(lab.hosts.at("router"), "/run/gobgpd/gobgpd.yaml"));
}

TEST(OtherAgents, BirdWritesTheRoutersRoutesByItself) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  for (auto& node : cluster.nodes)
    if (node.bgp) node.bgp->agent = model::BgpAgent::bird;
  const auto lab = expanded(cluster);
  EXPECT_THAT(processes(lab.hosts.at("router")), ElementsAre("bird"));
  test::expect_golden("bird/router.bird.conf", file(lab.hosts.at("router"), "/run/bird/bird.conf"));
  test::expect_golden("bird/rr.bird.conf", file(lab.hosts.at("rr"), "/run/bird/bird.conf"));
}

TEST(OtherAgents, FrrIsABgpdAndTheZebraThatWritesTheRoutersRoutes) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  for (auto& node : cluster.nodes)
    if (node.bgp) node.bgp->agent = model::BgpAgent::frr;
  const auto lab = expanded(cluster);
  EXPECT_THAT(processes(lab.hosts.at("router")), ElementsAre("zebra", "bgpd"));
  test::expect_golden("frr/router.bgpd.conf", file(lab.hosts.at("router"), "/run/frr/bgpd.conf"));
  test::expect_golden("frr/rr.bgpd.conf", file(lab.hosts.at("rr"), "/run/frr/bgpd.conf"));
}

TEST(OtherAgents, AnnounceBesideLbdWithAHelper) {
  const std::pair<model::Announcer, std::vector<std::string>> agents[] = {
      {model::Announcer::gobgp, {"lbd", "gobgpd", "lbd-announce"}},
      {model::Announcer::frr, {"lbd", "bgpd", "lbd-announce"}},
      {model::Announcer::bird, {"lbd", "bird", "lbd-announce"}}};
  for (const auto& [agent, names] : agents) {
    auto cluster = parsed(test::topology("ecmp.yaml"));
    cluster.services[0].load_balancers->announcer = agent;
    const auto pod = expanded(cluster).hosts.at("web-lb-2");
    EXPECT_EQ(processes(pod), names);
    EXPECT_THAT(pod.processes.front().after, ElementsAre("lbd-announce")) << "it withdraws through that";
    EXPECT_THAT(pod.processes.back().after, ElementsAre(names[1]));
  }
  auto cluster = parsed(test::topology("ecmp.yaml"));
  const auto conf = [&](model::Announcer agent, const std::string& path) {
    cluster.services[0].load_balancers->announcer = agent;
    return file(expanded(cluster).hosts.at("web-lb-2"), path);
  };
  test::expect_golden("announcers/web-lb-2.gobgpd.yaml",
                      conf(model::Announcer::gobgp, "/run/gobgpd/gobgpd.yaml"));
  test::expect_golden("announcers/web-lb-2.bgpd.conf", conf(model::Announcer::frr, "/run/frr/bgpd.conf"));
  test::expect_golden("announcers/web-lb-2.bird.conf", conf(model::Announcer::bird, "/run/bird/bird.conf"));
}

TEST(Forwarding, TunnelGivesWebPodsTheServiceAndATunnelAndMasqueradesNothing) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  cluster.services[0].load_balancers->forwarding = model::LoadBalancers::Forwarding::tunnel;
  const auto lab = expanded(cluster);
  EXPECT_THAT(links(lab.hosts.at("web-1")),
              ElementsAre("eth0 veth 172.16.1.2/24", "service ipip local 172.16.1.2 remote any mtu 1480"));
  EXPECT_THAT(routes(lab.hosts.at("web-1")), testing::Contains("local 10.1.1.0/24 dev lo table 255"));
  EXPECT_THAT(routes(lab.hosts.at("web-1")),
              testing::Contains("0.0.0.0/0 via 172.16.1.1 dev eth0 advmss 1440"))
      << "so that what clients send fits in the tunnel";
  EXPECT_THAT(file(lab.hosts.at("web-lb-1"), "/run/lbd/lbd.yaml"),
              HasSubstr("forwarding: tunnel\n    masquerade: false\n"));
}

TEST(Forwarding, XdpIsFedByItsNodeAndServesTheRangeByAddress) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  cluster.services[0].load_balancers->kind = "xdp";
  cluster.services[0].load_balancers->forwarding = model::LoadBalancers::Forwarding::tunnel;
  const auto lab = expanded(cluster);
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links)
      EXPECT_EQ(link.feeds_xdp, link.alias.find("-lb-") != std::string::npos) << name << " " << link.name;
  const auto configuration = file(lab.hosts.at("web-lb-1"), "/run/lbd/lbd.yaml");
  EXPECT_THAT(configuration, HasSubstr("dataplane: xdp\n"));
  EXPECT_THAT(configuration, testing::Not(HasSubstr("mark:")));
}

TEST(Forwarding, MasqueradeCanBeTakenAwayToShowWhatItIsFor) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  cluster.services[0].load_balancers->masquerade = false;
  EXPECT_THAT(file(expanded(cluster).hosts.at("web-lb-1"), "/run/lbd/lbd.yaml"),
              HasSubstr("masquerade: false\n"));
}

TEST(TheUser, HasTheLastWordOnSettingsAndRoutes) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  auto& router = *std::ranges::find(cluster.nodes, "router", &model::Node::name);
  router.sysctls = {{"net.ipv4.fib_multipath_hash_policy", "1"}, {"net.ipv6.conf.all.disable_ipv6", "0"}};
  auto& node = *std::ranges::find(cluster.nodes, "node1", &model::Node::name);
  node.routes = {{.destination = *model::Prefix::parse("0.0.0.0/0"), .via = {*Address::parse("10.0.0.106")}}};
  const auto lab = expanded(cluster);
  const auto& sysctls = lab.hosts.at("router").sysctls;
  EXPECT_EQ(sysctls.at("net.ipv4.fib_multipath_hash_policy"), "1");
  EXPECT_EQ(sysctls.at("net.ipv6.conf.all.disable_ipv6"), "0");
  EXPECT_FALSE(sysctls.contains("-net.ipv6.conf.all.disable_ipv6"));
  EXPECT_THAT(routes(lab.hosts.at("node1")), testing::Contains("0.0.0.0/0 via 10.0.0.106"));
  EXPECT_THAT(routes(lab.hosts.at("node1")), Not(testing::Contains(HasSubstr("10.0.0.110"))));
}

TEST(TheUser, RunsProcessesOfTheirOwn) {
  auto cluster = parsed(R"(
name: p
nodes:
  a: {processes: [{name: serve, run: python3 -m http.server 80, ready: "Serving HTTP", restart: never}]}
)");
  const auto lab = expanded(cluster);
  const auto& process = lab.hosts.at("a").processes.at(0);
  EXPECT_THAT(process.argv, ElementsAre("python3", "-m", "http.server", "80"));
  EXPECT_EQ(process.ready.pattern, "Serving HTTP");
  EXPECT_EQ(process.restart, model::Restart::never);
  EXPECT_TRUE(process.needs.contains("program:python3"));
}

TEST(APlainLab, IsHostsAndVethPairsAndNoFabric) {
  const auto lab = expanded(parsed(test::topology("plain.yaml")));
  EXPECT_FALSE(lab.hosts.contains("fabric"));
  EXPECT_THAT(links(lab.hosts.at("r1")), ElementsAre("eth0 veth to r2:eth0 10.0.12.1/30"));
  EXPECT_THAT(links(lab.hosts.at("r2")),
              ElementsAre("eth0 veth 10.0.12.2/30", "eth1 veth to r3:eth0 10.0.23.1/30"));
  EXPECT_THAT(routes(lab.hosts.at("r1")), ElementsAre("10.0.23.0/30 via 10.0.12.2"));
  EXPECT_EQ(lab.hosts.at("r2").sysctls.at("net.ipv4.ip_forward"), "1");
}

TEST(TheFabric, GivesLongAndClashingNamesANumberInstead) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  for (auto& node : cluster.nodes)
    for (auto& interface : node.interfaces)
      interface.network = interface.network == "internet" ? "p1" : "the-network-of-the-nodes";
  cluster.networks[0].name = "p1";
  cluster.networks[1].name = "the-network-of-the-nodes";
  const auto lab = expanded(cluster);
  EXPECT_THAT(links(lab.hosts.at("fabric")),
              testing::IsSupersetOf({"br1 bridge alias p1", "br2 bridge alias the-network-of-the-nodes"}));
}

TEST(TheFabric, KeepsPortNumbersWhenTheTopologyIsExpandedAgain) {
  auto cluster = parsed(test::topology("ecmp.yaml"));
  Placement placement;
  const auto before = expand(cluster, placement);
  std::ranges::reverse(cluster.nodes);
  const auto after = expand(cluster, placement);
  auto port = [](const Lab& lab, const std::string& alias) {
    return std::ranges::find(lab.hosts.at("fabric").links, alias, &model::Link::alias)->name;
  };
  for (const auto* alias : {"client:eth0", "router:eth1", "node3:eth0"})
    EXPECT_EQ(port(before, alias), port(after, alias));
}

}  // namespace
}  // namespace lblab::cluster
