#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lab/cluster/expand.hpp"
#include "lab/cluster/overlay.hpp"
#include "lab/cluster/routing.hpp"
#include "lab/model/parse.hpp"
#include "lab/plan/compile.hpp"
#include "lab/plan/needs.hpp"
#include "tests/unit/lab_text.hpp"

/// The ways of the overlay, as values: who is given which route, neighbour and forwarding entry.
namespace lblab::cluster {
namespace {

using model::Host;
using model::Lab;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* one_segment = "{subnet: 10.0.0.0/16}";
constexpr const char* like_gcp = "{subnet: 10.0.0.0/16, cloud: gcp}";
constexpr const char* like_aws = "{subnet: 10.0.0.0/16, cloud: aws, subnets: [10.0.1.0/24, 10.0.2.0/24]}";

std::string topology(const std::string& backend, const std::string& network) {
  return "name: t\nnetworks: {net: " + network +
         "}\n"
         "nodes:\n"
         "  n1: {role: node, interfaces: {net: 10.0.1.11}}\n"
         "  n2: {role: node, interfaces: {net: 10.0.2.12}}\n"
         "  n3: {role: node, interfaces: {net: 10.0.1.13}}\n"
         "  rr: {role: route-reflector, interfaces: {net: 10.0.1.9}}\n"
         "overlay: {backend: " +
         backend +
         "}\n"
         "services: {web: {addresses: 10.1.1.0/24, pods: {replicas: 3}}}\n";
}

model::Cluster cluster(const std::string& backend, const std::string& network = one_segment) {
  const auto parsed = model::parse(topology(backend, network));
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << format(diagnostic, backend);
  return parsed.cluster.value_or(model::Cluster{});
}

Lab lab(const std::string& backend, const std::string& network = one_segment, Placement placement = {}) {
  return expand(cluster(backend, network), placement);
}

/// The routes to pods of other nodes.
std::vector<std::string> ways(const Host& host) {
  std::vector<std::string> found;
  for (const auto& route : host.routes)
    if (route.destination.str().starts_with("172.16.")) found.push_back(test::text(route));
  return found;
}

std::vector<std::string> neighbours(const Host& host) {
  std::vector<std::string> found;
  for (const auto& n : host.neighbours)
    found.push_back((n.bridge_fdb ? "fdb " : "") + n.address.str() + " " + n.mac + " " + n.link);
  return found;
}

const model::Link& link(const Host& host, const std::string& name) {
  return *std::ranges::find(host.links, name, &model::Link::name);
}

std::string overlayd_file(const Host& host) {
  const auto found = std::ranges::find(host.files, "/run/overlayd/overlayd.yaml", &model::File::path);
  return found == host.files.end() ? "" : found->text;
}

TEST(AnOverlay, OfRoutesAloneHasNoDevice) {
  const auto made = lab("host-gw");
  EXPECT_THAT(ways(made.hosts.at("n1")),
              ElementsAre("172.16.2.0/24 via 10.0.2.12 dev eth0", "172.16.3.0/24 via 10.0.1.13 dev eth0"));
  for (const auto& [name, host] : made.hosts)
    EXPECT_EQ(std::ranges::count(host.links, "overlay", &model::Link::name), 0) << name;
}

TEST(AnOverlay, OfVxlanIsGivenNeighboursAndForwardingEntriesOfEveryNode) {
  const auto made = lab("vxlan");
  const auto& node = made.hosts.at("n1");
  const auto& device = link(node, "overlay");
  EXPECT_EQ(device.kind, (model::LinkKind{model::Vxlan{1, *Address::parse("10.0.1.11"), "eth0", 4789}}));
  EXPECT_THAT(neighbours(node), UnorderedElementsAre("172.16.2.1 02:00:0a:00:02:0c overlay",
                                                     "172.16.3.1 02:00:0a:00:01:0d overlay",
                                                     "fdb 10.0.2.12 02:00:0a:00:02:0c overlay",
                                                     "fdb 10.0.1.13 02:00:0a:00:01:0d overlay"));
  EXPECT_EQ(link(made.hosts.at("n2"), "overlay").mac, "02:00:0a:00:02:0c");
  for (const auto& route : node.routes)
    if (route.destination.str() == "172.16.2.0/24") {
      EXPECT_EQ(route.next_hops.front().via->str(), "172.16.2.1");
      EXPECT_EQ(route.next_hops.front().link, "overlay");
      EXPECT_TRUE(route.on_link);
      EXPECT_EQ(route.source->str(), "172.16.1.1");
    }
  EXPECT_EQ(ways(node).size(), 2u);
}

TEST(AnOverlay, ReachesTheReflectorsToo) {
  for (const auto* backend : {"host-gw", "vxlan", "udp", "ipip"}) {
    EXPECT_EQ(ways(lab(backend).hosts.at("rr")).size(), 3u) << backend;
    EXPECT_THAT(ways(lab(backend).hosts.at("fabric")), IsEmpty()) << backend;
  }
}

TEST(AnOverlay, OfIpipRoutesByTheOtherNodesAddressThroughOneDevice) {
  const auto made = lab("ipip");
  const auto& node = made.hosts.at("n1");
  EXPECT_EQ(link(node, "overlay").kind, (model::LinkKind{model::Ipip{Address::parse("10.0.1.11"), {}}}));
  EXPECT_THAT(ways(node), ElementsAre(HasSubstr("172.16.2.0/24 via 10.0.2.12 dev overlay"),
                                      HasSubstr("172.16.3.0/24 via 10.0.1.13 dev overlay")));
  EXPECT_THAT(plan::needs(plan::compile({}, made)), Contains("ipip"));
}

TEST(AnOverlay, OfUdpRunsOverlaydOnEveryMember) {
  const auto made = lab("udp");
  EXPECT_EQ(overlayd_file(made.hosts.at("n1")),
            "device: overlay\n"
            "listen: 10.0.1.11\n"
            "peers:\n"
            "  - 10.0.2.12\n"
            "  - 10.0.1.13\n"
            "  - 10.0.1.9\n"
            "routes:\n"
            "  - {to: 172.16.2.0/24, via: 10.0.2.12}\n"
            "  - {to: 172.16.3.0/24, via: 10.0.1.13}\n");
  EXPECT_THAT(overlayd_file(made.hosts.at("rr")), HasSubstr("  - {to: 172.16.1.0/24, via: 10.0.1.11}\n"));
  EXPECT_THAT(overlayd_file(made.hosts.at("web-1")), IsEmpty());
  const auto needs = plan::needs(plan::compile({}, made));
  EXPECT_THAT(needs, testing::IsSupersetOf({"tun", "program:overlayd"}));
  EXPECT_THAT(needs, Not(Contains("ipip")));
}

/// As in the papers (2.1): 1500 without what the backend puts before a packet.
TEST(AnOverlay, SaysHowLongThePacketsOfPodsMayBe) {
  for (const auto& [backend, mtu] :
       {std::pair{"host-gw", 0}, {"vxlan", 1450}, {"udp", 1472}, {"ipip", 1480}}) {
    const auto made = lab(backend);
    EXPECT_EQ(link(made.hosts.at("web-1"), "eth0").mtu, mtu) << backend;
    EXPECT_EQ(link(made.hosts.at("n1"), "pod2").mtu, mtu) << backend;
    EXPECT_EQ(link(made.hosts.at("n1"), "cbr0").mtu, mtu) << backend;
    EXPECT_EQ(link(made.hosts.at("n1"), "eth0").mtu, 0) << backend;
    if (mtu) {
      EXPECT_EQ(link(made.hosts.at("n1"), "overlay").mtu, mtu) << backend;
    }
  }
}

TEST(AnOverlay, LosesAnotherIpHeaderToATunnelToRealServers) {
  for (const auto& [backend, mtu] :
       {std::pair{"host-gw", 1480}, {"vxlan", 1430}, {"udp", 1452}, {"ipip", 1460}}) {
    auto wanted = cluster(backend);
    wanted.services[0].load_balancers.emplace().forwarding = model::LoadBalancers::Forwarding::tunnel;
    Placement placement;
    EXPECT_EQ(link(expand(wanted, placement).hosts.at("web-1"), "service").mtu, mtu) << backend;
  }
}

/// Ops on others than what comes or goes.
std::vector<std::string> changes(const Lab& have, const Lab& want, const std::string& host) {
  std::vector<std::string> found;
  for (const auto& op : plan::compile(have, want))
    if (plan::host_of(op) == host) found.push_back(plan::describe(op));
  return found;
}

TEST(TheControlPlane, TellsTheOthersOfANodeThatLeavesAndOfOneThatIsBack) {
  for (const auto& [backend, ops] :
       {std::pair{"host-gw", 1u}, {"vxlan", 3u}, {"ipip", 1u}, {"udp", 2u}}) {  // of a member that stays
    Placement without;
    without.away = {"n2", "web-2"};
    const auto full = lab(backend), less = lab(backend, one_segment, without);
    for (const auto* member : {"n1", "n3", "rr"}) {
      for (const auto& way : ways(less.hosts.at(member))) EXPECT_THAT(way, Not(HasSubstr("172.16.2.0/24")));
      for (const auto& entry : neighbours(less.hosts.at(member)))
        EXPECT_THAT(entry, Not(HasSubstr("02:00:0a:00:02:0c"))) << backend;
      EXPECT_THAT(overlayd_file(less.hosts.at(member)), Not(HasSubstr("10.0.2.12"))) << backend;
      EXPECT_EQ(changes(full, less, member).size(), ops)
          << backend << ": " << testing::PrintToString(changes(full, less, member));
      EXPECT_EQ(changes(less, full, member).size(), ops)
          << backend << ": " << testing::PrintToString(changes(less, full, member));
    }
    EXPECT_FALSE(less.hosts.contains("n2"));
  }
}

TEST(ACloud, LikeGcpPutsEveryHostAloneWithAGatewayThatKnowsHostsAndNoPods) {
  const auto made = lab("vxlan", like_gcp);
  const auto& gateway = made.hosts.at("net-gateway");
  EXPECT_EQ(test::text(link(gateway, "p1")), "p1 veth to n1:eth0 alias n1:eth0 10.0.0.1/32");
  std::vector<std::string> known;
  for (const auto& route : gateway.routes) known.push_back(test::text(route));
  EXPECT_THAT(known, ElementsAre("10.0.1.11/32 dev p1", "10.0.2.12/32 dev p2", "10.0.1.13/32 dev p3",
                                 "10.0.1.9/32 dev p4"));
  EXPECT_EQ(gateway.sysctls.at("net.ipv4.ip_forward"), "1");
  EXPECT_EQ(gateway.sysctls.at("net.ipv4.conf.all.rp_filter"), "1");
  const auto& node = made.hosts.at("n1");
  EXPECT_EQ(test::text(link(node, "eth0")), "eth0 veth 10.0.1.11/32");
  std::vector<std::string> routes;
  for (const auto& route : node.routes) routes.push_back(test::text(route));
  EXPECT_THAT(routes, testing::IsSupersetOf({"10.0.0.1/32 dev eth0", "0.0.0.0/0 via 10.0.0.1 dev eth0"}));
}

TEST(ACloud, LikeAwsHasAGatewayBetweenItsSubnets) {
  const auto made = lab("vxlan", like_aws);
  const auto& gateway = made.hosts.at("net-gateway");
  EXPECT_THAT(gateway.routes, IsEmpty());
  EXPECT_EQ(test::text(link(gateway, "eth0")), "eth0 veth 10.0.1.1/24");
  EXPECT_EQ(test::text(link(gateway, "eth1")), "eth1 veth 10.0.2.1/24");
  std::vector<std::string> switches;
  for (const auto& one : made.hosts.at("fabric").links) switches.push_back(test::text(one));
  EXPECT_THAT(switches, testing::IsSupersetOf(
                            {"br1.1 bridge alias net 10.0.1.0/24", "br1.2 bridge alias net 10.0.2.0/24",
                             "p1 veth to n1:eth0 master br1.1 alias n1:eth0",
                             "p2 veth to n2:eth0 master br1.2 alias n2:eth0",
                             "p6 veth to net-gateway:eth1 master br1.2 alias net-gateway:eth1"}));
  EXPECT_EQ(test::text(link(made.hosts.at("n2"), "eth0")), "eth0 veth 10.0.2.12/24");
}

TEST(ACloud, LeavesHostGwOnlyTheWaysToNeighbours) {
  EXPECT_THAT(ways(lab("host-gw", like_gcp).hosts.at("n1")), IsEmpty());
  EXPECT_THAT(ways(lab("host-gw", like_aws).hosts.at("n1")),
              ElementsAre("172.16.3.0/24 via 10.0.1.13 dev eth0"));
}

TEST(ACloud, HasEverythingMasqueradedThatItsGatewayWouldDrop) {
  const auto spared = [](const char* network) { return lab("vxlan", network).hosts.at("n1").nftables; };
  EXPECT_THAT(spared(one_segment), HasSubstr("{ 10.0.1.11, 10.0.2.12, 10.0.1.13, 10.0.1.9 }"));
  EXPECT_THAT(spared(like_aws), HasSubstr("{ 10.0.1.11, 10.0.1.13, 10.0.1.9 }"));
  EXPECT_THAT(spared(like_gcp), HasSubstr("{ 10.0.1.11 }"));
}

/// What a cloud's gateway drops is what pods send to a reflector's address in the network.
TEST(ACloud, GivesAReflectorBehindItsGatewayAnAddressInTheOverlay) {
  for (const auto* network : {like_gcp, like_aws}) {
    const auto wanted = cluster("vxlan", network);
    const auto made = lab("vxlan", network);
    EXPECT_EQ(reflector_prefix(wanted, *wanted.node("rr"))->str(), "172.16.4.0/24");
    EXPECT_THAT(test::text(link(made.hosts.at("rr"), "overlay")), HasSubstr("172.16.4.1/32"));
    EXPECT_THAT(ways(made.hosts.at("n1")), Contains(HasSubstr("172.16.4.0/24")));
    EXPECT_THAT(upstream(wanted, *wanted.node("n1")).peers, ElementsAre(*Address::parse("172.16.4.1")));
  }
  const auto neighbours = cluster("vxlan");
  EXPECT_FALSE(reflector_prefix(neighbours, *neighbours.node("rr")));
  EXPECT_THAT(upstream(neighbours, *neighbours.node("n1")).peers, ElementsAre(*Address::parse("10.0.1.9")));
}

constexpr const char* with_own_gateway = R"(
name: t
networks: {net: {subnet: 10.0.0.0/16, cloud: gcp}, internet: {subnet: 192.0.2.0/24}}
nodes:
  router: {role: router, interfaces: {internet: 192.0.2.1, net: {address: 10.0.0.1, rps: [0, 1]}}, bgp: {}}
  rr: {role: route-reflector, interfaces: {net: 10.0.1.9}}
  n1: {role: node, interfaces: {net: 10.0.1.11}}
overlay: {backend: ipip}
services: {web: {addresses: 10.1.1.0/24, pods: {}, load-balancers: {replicas: 1}}}
)";

TEST(ACloud, HasARouterForItsGatewayThatHasTheGatewaysAddress) {
  const auto parsed = model::parse(with_own_gateway);
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << format(diagnostic, "t");
  Placement placement;
  const auto made = expand(parsed.cluster.value(), placement);
  EXPECT_FALSE(made.hosts.contains("net-gateway"));
  const auto& router = made.hosts.at("router");
  EXPECT_EQ(std::ranges::count(router.links, "eth1", &model::Link::name), 0);
  std::vector<std::string> known;
  for (const auto& route : router.routes) known.push_back(test::text(route));
  EXPECT_THAT(known, ElementsAre(HasSubstr("10.0.1.9/32 dev p"), HasSubstr("10.0.1.11/32 dev p")));
  for (const auto& port : router.links)
    if (port.name.starts_with("p")) {
      EXPECT_THAT(port.steering, ElementsAre(ElementsAre(0, 1))) << port.name;
    }
  EXPECT_THAT(router.files.front().text, HasSubstr("10.0.1.9"));
  EXPECT_THAT(router.files.front().text, HasSubstr("10.0.0.1"));
}

}  // namespace
}  // namespace lblab::cluster
