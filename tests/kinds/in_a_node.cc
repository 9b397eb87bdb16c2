#include <gmock/gmock.h>

#include "tests/kinds/serving.hpp"

/// topologies/ecmp.yaml with its load balancers in the nodes (the papers' Figure 5.4; with iptables, every
/// node with kube-proxy's rules and a next hop). Of kinds and ways to forward, those that the kernel of this
/// test program is to have (IN_NODES).
namespace lblab::kinds {
namespace {

using testing::SizeIs;
using Set = std::set<std::string>;

struct Way {
  std::string kind, forwarding;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << way.kind; }
};

class InNode : public testing::TestWithParam<Way> {
 protected:
  bool by_ipvs() const { return GetParam().kind == "ipvs"; }
  Changed topology_{"kind: ipvs",
                    "kind: " + GetParam().kind + ", in: node, forwarding: " + GetParam().forwarding};
  fixtures::LabUnderTest lab_{LBLAB_PROGRAM, topology_.file(), "in-node-" + std::to_string(::getpid())};
};

TEST_P(InNode, EveryNodeServesEveryPodAndOneWithoutItsLoadBalancerIsANextHopLess) {
  ASSERT_TRUE(all_serve(lab_));
  EXPECT_EQ(lab_.next_hops("router", web), (Set{"10.0.0.105", "10.0.0.106", "10.0.0.107"}));
  EXPECT_EQ(lab_.established("rr"), (Set{"10.0.0.105", "10.0.0.106", "10.0.0.107", "10.0.0.110"}));
  if (by_ipvs()) {
    EXPECT_THAT(lab_.real_servers("node1"), SizeIs(6));
  }
  EXPECT_THAT(ask(lab_, 90), SizeIs(6));

  auto mark = lab_.mark();
  lab_.must("scale web/lb=2");
  ASSERT_TRUE(lab_.route_becomes(mark, web, {"10.0.0.105", "10.0.0.106"}, long_enough));
  EXPECT_THAT(ask(lab_, 60), SizeIs(6));

  mark = lab_.mark();
  lab_.must("kill node1/exabgp --restart never");
  ASSERT_TRUE(lab_.route_becomes(mark, web, {"10.0.0.106"}, long_enough));
  EXPECT_THAT(ask(lab_, 30), SizeIs(6));
  if (by_ipvs()) {
    EXPECT_EQ(lab_.real_servers("node3"), Set{}) << "it took away what it had made";
  }
}

std::vector<Way> ways() {
  std::vector<Way> found;
  std::istringstream words{IN_NODES};
  for (Way way; words >> way.kind >> way.forwarding;) found.push_back(way);
  return found;
}

INSTANTIATE_TEST_SUITE_P(By, InNode, testing::ValuesIn(ways()),
                         [](const auto& info) { return info.param.kind + "_" + info.param.forwarding; });

}  // namespace
}  // namespace lblab::kinds
