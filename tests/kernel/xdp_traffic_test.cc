#include "tests/kernel/xdp_traffic.hpp"

namespace lblab {
namespace {

using testing::HasSubstr;
using testing::Not;

class XdpDirect : public XdpTraffic {
 protected:
  XdpDirect() { serve(lbcore::Forwarding::direct); }
};

TEST_F(XdpDirect, Ipv4ConnectionsReachBothServersWhichSeeTheClient) {
  expect_served("10.1.1.7", "192.0.2.10");
}

TEST_F(XdpDirect, Ipv6ConnectionsDoToo) { expect_served("fd00:1::7", "2001:db8::10"); }

TEST_F(XdpDirect, AnswersDoNotPassTheLoadBalancer) {
  std::vector<sys::Fd> listeners;
  for (const auto& server : servers) listeners.push_back(listen(server, "10.1.1.7"));
  const auto c = connect("10.1.1.7", listeners);
  const auto before = balancer->counters()[0].total();
  const auto answer = pattern(1'000'000);
  ASSERT_EQ(pass(c.server, c.client, answer), answer);
  const auto after = balancer->counters()[0].total();
  EXPECT_LT(after.bytes - before.bytes, answer.size() / 4) << "acknowledgements";
  EXPECT_GT(after.packets, before.packets);
}

TEST_F(XdpDirect, TheKernelKeepsTheServersMacAddressesUntilTheyGo) {
  const auto neighbours = [&] { return fixtures::output_of({"ip", "neigh", "show", "172.16.1.3"}, lb); };
  EXPECT_THAT(neighbours(), HasSubstr("managed"));
  balancer->set_services({});
  EXPECT_THAT(neighbours(), Not(HasSubstr("managed")));
}

TEST_F(XdpDirect, WhatIsNoServicesReachesTheLoadBalancersOwnKernel) {
  EXPECT_NO_THROW(fixtures::output_of({"ping", "-c1", "-W5", "172.16.1.2"}, client));
}

}  // namespace
}  // namespace lblab
