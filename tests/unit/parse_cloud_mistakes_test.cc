#include <gtest/gtest.h>

#include "tests/unit/mistaken.hpp"

/// What a network that is like a cloud's cannot have: where it is reported, and what would be right.
namespace lblab::model {
namespace {

class CloudMistakes : public testing::TestWithParam<Mistaken> {};
TEST_P(CloudMistakes, AreReportedWhereTheyStand) { expect_reported(GetParam()); }

std::string gcp(const std::string& nodes) {
  return "name: t\nnetworks: {n: {subnet: 10.0.0.0/16, cloud: gcp}}\nnodes: {" + nodes + "}\n";
}
std::string aws(const std::string& subnets, const std::string& nodes) {
  return "name: t\nnetworks: {n: {subnet: 10.0.0.0/16, cloud: aws, subnets: [" + subnets + "]}}\nnodes: {" +
         nodes + "}\n";
}
std::string cluster(const std::string& router, const std::string& backend, const std::string& mark = "",
                    const std::string& of_reflector = "") {
  return gcp("router: {role: router, interfaces: {n: " + router + "}, bgp: {}}, " + mark +
             "rr: {role: route-reflector, interfaces: {n: 10.0.0.9}" + of_reflector + "}, " + mark +
             "n1: {role: node, interfaces: {n: 10.0.0.11}}, " + mark +
             "n2: {role: node, interfaces: {n: 10.0.0.12}}") +
         "overlay: {backend: " + backend +
         "}\nservices: {web: {addresses: 10.1.1.0/24, pods: {}, load-balancers: {}}}\n";
}

const std::vector<Mistaken> clouds = {
    {"NoSubnets",
     "name: t\nnetworks: {n: {subnet: 10.0.0.0/16, cloud: ^aws}}\nnodes: {a: {}}\n",
     {{"has no subnets", "add subnets"}}},
    {"SubnetElsewhere", aws("10.0.1.0/24, ^10.1.0.0/24", "a: {}"), {{"is no part of", "a part of"}}},
    {"SubnetsOverlap", aws("10.0.1.0/24, ^10.0.1.128/25", "a: {}"), {{"overlaps another", "apart"}}},
    {"OnNoSubnet",
     aws("10.0.1.0/24", "a: {interfaces: {n: ^10.0.2.2}}"),
     {{"on none of the subnets", "choose"}}},
    {"GatewaysAddressInASubnet",
     aws("10.0.1.0/24", "a: {role: router, interfaces: {n: ^10.0.1.1}}"),
     {{"is the address of the gateway of 'n'", "choose one from 10.0.1.2 on"}}},
    {"GatewaysAddressAndNoRouter",
     gcp("a: {interfaces: {n: ^10.0.0.1}}"),
     {{"is the address of the gateway of 'n'", "make it a router"}}},
    {"GatewayThatIsNone",
     gcp("a: {interfaces: {n: 10.0.0.2}, gateway: ^b}, b: {role: router, interfaces: {n: 10.0.0.3}}"),
     {{"'b' is no neighbour of node 'a'", "n-gateway is the default route"}}},
    {"ImpairedGateway",
     gcp("a: {role: router, interfaces: {n: {address: 10.0.0.1, ^impair: {delay: 1ms}}}}"),
     {{"'a' has a link to each host of 'n'", "impair the other ends"}}},
    {"LinkThatTheGatewayHasNot",
     gcp("a: {role: router, interfaces: {n: 10.0.0.1}}, b: {interfaces: {n: 10.0.0.2}}") +
         "scenarios: {s: {steps: [{link: {of: ^a, interface: eth0, state: down}}]}}\n",
     {{"node 'a' has no interface", "put it on a network"}}},
    {"BirdAsGateway",
     gcp("a: {role: router, interfaces: {n: 10.0.0.1}, bgp: {agent: ^bird}}"),
     {{"bird in 'n', which is like a cloud's, is not built yet", "agent: gobgp"}}},
    {"BirdAsReflector",
     cluster("10.0.0.1", "vxlan", "", ", bgp: {agent: ^bird}"),
     {{"bird in 'n', which is like a cloud's, is not built yet", "agent: gobgp"}}},
    {"RoutesAloneDoNotPassAGateway",
     cluster("10.0.0.1", "host-gw", "^"),
     {{"node 'rr' is on no network with node 'n1'", "through the nodes"},
      {"node 'n1' is on no network with node 'n1'", "host-gw goes from node to node"},
      {"node 'n2' is on no network with node 'n1'", "host-gw goes from node to node"}}},
};

INSTANTIATE_TEST_SUITE_P(Clouds, CloudMistakes, testing::ValuesIn(clouds), story_of);

TEST(CloudMistakes, ARouterThatHasTheGatewaysAddressIsNone) {
  EXPECT_TRUE(parse(cluster("10.0.0.1", "vxlan")).diagnostics.empty());
}

}  // namespace
}  // namespace lblab::model
