#include <thread>

#include "tests/cluster/tested_lab.hpp"

using testing::HasSubstr;
using testing::SizeIs;

/// Table 4.6 of the dissertation: the router's table for one load balancer, for three, and for two services.

TEST_F(TestedLab, TwoServicesOnTheSameNodesHaveThreeAndTwoNextHops) {
  EXPECT_EQ(lab().next_hops("router", web), all_nodes);
  const Set of_app = lab().next_hops("router", app);
  EXPECT_THAT(of_app, SizeIs(2));
  for (const auto& node : of_app) EXPECT_TRUE(all_nodes.contains(node)) << node;
}

TEST_F(TestedLab, TwoLoadBalancersOfOneNodeHoldASessionEach) {
  const Set peers = lab().established("rr");
  int on_node_1 = 0;
  for (const auto& peer : peers) on_node_1 += peer.starts_with("172.16.1.");
  EXPECT_EQ(on_node_1, 2) << "the sessions are with " << testing::PrintToString(peers);
  EXPECT_THAT(peers, SizeIs(6)) << "five load balancers and the router";
}

TEST_F(TestedLab, ScalingToOneAndBackIsFollowedAndNobodyIsRenamed) {
  const auto before = lab().real_servers("web-lb-3");
  size_t mark = lab().mark();
  lab().must("scale web/lb=1");
  EXPECT_TRUE(lab().route_becomes(mark, web, {"10.0.0.105"}, long_enough));
  EXPECT_EQ(lab().next_hops("router", web), Set{"10.0.0.105"});
  EXPECT_THAT(lab().next_hops("router", app), SizeIs(2)) << "the other service has nothing to do with it";
  EXPECT_THAT(fetch(20), SizeIs(20));
  mark = lab().mark();
  lab().must("scale web/lb=3");
  EXPECT_TRUE(lab().route_becomes(mark, web, all_nodes, long_enough));
  EXPECT_EQ(lab().next_hops("router", web), all_nodes);
  EXPECT_EQ(lab().real_servers("web-lb-3"), before);
  EXPECT_THAT(fetch(20), SizeIs(20));
}

/// Flows in flight on moved buckets are reset, as NAT forwarding must; what is asserted is that nobody is
/// left in a hole.
TEST_F(TestedLab, ScalingUnderLoadIsFollowedAndLeavesNoBlackhole) {
  std::string load;
  std::thread client{[&] {
    load = lab().in("client", {"wrk", "-t1", "-c8", "-d20s", "--timeout", "20s", "http://10.1.1.1/"}).out;
  }};
  size_t mark = lab().mark();
  for (const auto& [count, next_hops] : {std::pair{"1", Set{"10.0.0.105"}}, std::pair{"3", all_nodes}}) {
    EXPECT_EQ(lab().lblab(std::string("scale web/lb=") + count).code, 0);
    EXPECT_TRUE(lab().route_becomes(mark, web, next_hops, long_enough)) << count;
    EXPECT_EQ(lab().next_hops("router", web), next_hops);
    EXPECT_THAT(fetch(30), SizeIs(30)) << "with " << count;
    mark = lab().mark();
  }
  client.join();
  EXPECT_THAT(load, HasSubstr("requests in")) << load;
  EXPECT_THAT(load, testing::Not(HasSubstr(" 0 requests in"))) << load;
}

TEST_F(TestedLab, ScalingPodsIsFollowedByEveryTable) {
  lab().must("scale web=4");
  EXPECT_THAT(lab().real_servers("web-lb-1"), SizeIs(4));
  EXPECT_THAT(fetch(30), SizeIs(30));
  const size_t mark = lab().mark();
  lab().must("scale web=6");
  EXPECT_TRUE(lab().event(
      mark,
      [](const Json& e) {
        return e["event"] == "health" && e["host"] == "web-lb-3" && e["destination"] == "172.16.3.3:80" &&
               e["state"] == "up";
      },
      long_enough));
  EXPECT_THAT(fetch(30), SizeIs(30));
}

TEST_F(TestedLab, MoreLoadBalancersThanNodesAreRefusedWithTheReason) {
  const auto result = lab().lblab("scale web/lb=4");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("3 nodes"));
  EXPECT_THAT(result.err, HasSubstr("at most one load-balancer pod"));
  EXPECT_EQ(lab().next_hops("router", web), all_nodes);
}

TEST_F(TestedLab, UpPrintsTheRouteTheTablesTheSessionsAndTwelveAnswers) {
  const std::string& text = lab().up_output();
  EXPECT_THAT(text, HasSubstr("next hop 10.0.0.107"));
  EXPECT_THAT(text, HasSubstr("-> 172.16.1.2:80"));
  EXPECT_THAT(text, HasSubstr("established"));
  EXPECT_THAT(text, HasSubstr("  12  172.16."));
}
