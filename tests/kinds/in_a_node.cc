#include <gmock/gmock.h>

#include "tests/kinds/serving.hpp"

/// topologies/ecmp.yaml with its load balancers in the nodes: IPVS, in both of the papers' ways (Figure 5.4).
namespace lblab::kinds {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Set = std::set<std::string>;

class InNode : public testing::TestWithParam<std::string> {
 protected:
  Changed topology_{"kind: ipvs", "kind: ipvs, in: node, forwarding: " + GetParam()};
  fixtures::LabUnderTest lab_{LBLAB_PROGRAM, topology_.file(), "in-node-" + std::to_string(::getpid())};
};

TEST_P(InNode, EveryNodeServesEveryPodAndOneWithoutItsLoadBalancerIsANextHopLess) {
  ASSERT_TRUE(all_serve(lab_));
  EXPECT_EQ(lab_.next_hops("router", web), (Set{"10.0.0.105", "10.0.0.106", "10.0.0.107"}));
  EXPECT_EQ(lab_.established("rr"), (Set{"172.16.1.1", "172.16.2.1", "172.16.3.1", "10.0.0.110"}))
      << "the nodes' bridges, and the router";
  EXPECT_THAT(lab_.real_servers("node1"), SizeIs(6));
  EXPECT_THAT(lab_.must_in("node1", {"ipvsadm", "-Sn"}),
              HasSubstr(GetParam() == "tunnel" ? ":80 -i -w 1" : ":80 -m -w 1"));
  EXPECT_THAT(fixtures::run_program({"ip", "netns"}).out,
              AllOf(HasSubstr(lab_.name() + ".web-6"), Not(HasSubstr(".web-lb"))));
  EXPECT_THAT(ask(lab_, 90), SizeIs(6));

  auto mark = lab_.mark();
  lab_.must("scale web/lb=2");
  ASSERT_TRUE(lab_.route_becomes(mark, web, {"10.0.0.105", "10.0.0.106"}, long_enough));
  EXPECT_THAT(ask(lab_, 60), SizeIs(6));

  mark = lab_.mark();
  lab_.must("kill node1/exabgp --restart never");
  ASSERT_TRUE(lab_.route_becomes(mark, web, {"10.0.0.106"}, long_enough));
  EXPECT_THAT(ask(lab_, 30), SizeIs(6));
  EXPECT_EQ(lab_.must_in("node3", {"ipvsadm", "-Sn"}), "") << "it took away what it had made";
}

INSTANTIATE_TEST_SUITE_P(By, InNode, testing::Values("nat", "tunnel"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace lblab::kinds
