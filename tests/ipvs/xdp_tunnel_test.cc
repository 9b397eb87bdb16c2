#include "tests/kernel/xdp_traffic.hpp"

namespace lblab {
namespace {

/// Needs tunnel devices, not IPVS: the kernels that lack the one lack the others.
class XdpTunnel : public XdpTraffic {
 protected:
  XdpTunnel() {
    for (int i = 0; i < 2; ++i) {
      const auto n = std::to_string(3 + i);
      ip(servers[i], "link add vip type ipip local 172.16.1." + n);
      ip(servers[i], "link set vip up");
      ip(servers[i], "link add vip6 type ip6tnl mode ip6ip6 local fd00:16:1::" + n);
      ip(servers[i], "link set vip6 up");
      // What the outer header takes, clients must leave: the load balancer cannot fragment.
      ip(servers[i], "route change default via 172.16.1.1 advmss 1440");
      ip(servers[i], "-6 route change default via fd00:16:1::1 advmss 1400");
      for (const auto* link : {"all", "vip"})
        fixtures::output_of({"sysctl", "-w", std::string("net.ipv4.conf.") + link + ".rp_filter=0"},
                            servers[i]);
    }
    serve(lbcore::Forwarding::tunnel);
  }
};

TEST_F(XdpTunnel, Ipv4ConnectionsReachBothServersWhichSeeTheClient) {
  expect_served("10.1.1.7", "192.0.2.10");
  EXPECT_EQ(balancer->events().too_big, 0u);
}

TEST_F(XdpTunnel, Ipv6ConnectionsDoToo) {
  expect_served("fd00:1::7", "2001:db8::10");
  EXPECT_EQ(balancer->events().too_big, 0u);
}

}  // namespace
}  // namespace lblab
