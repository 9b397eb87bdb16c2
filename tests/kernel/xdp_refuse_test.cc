#include "tests/kernel/xdp_fixture.hpp"

namespace lblab {
namespace {

using namespace packets;
using lbcore::Protocol;

/// What is not sent to a real server: passed to the kernel as it came, or dropped and counted.
class XdpRefuse : public XdpTest {
 protected:
  XdpRefuse() {
    balancer->set_services(
        {service("10.1.1.0/24", 80, {tunnel(far4)}), service("fd00:1::/64", 80, {tunnel(far6)})});
  }
  static Bytes plain4(const Bytes& payload, unsigned protocol = 6) {
    return in4(Ipv4{.from = client4, .to = vip4, .protocol = protocol} / payload);
  }
  const Bytes request4 = tcp(client4, vip4, {}), request6 = tcp(client6, vip6, {});
};

TEST_F(XdpRefuse, WhatIsNoServicesPassesAsItCame) {
  const auto other_port = tcp(client4, vip4, {.to = 81}), other_port6 = tcp(client6, vip6, {.to = 81});
  const std::vector<std::pair<const char*, Bytes>> packets = {
      {"another port", plain4(other_port)},
      {"another port", in6(Ipv6{client6, vip6} / other_port6)},
      {"another address", in4(Ipv4{client4, "10.1.2.7"} / tcp(client4, "10.1.2.7", {}))},
      {"another address", in6(Ipv6{client6, "fd00:1:0:1::7"} / tcp(client6, "fd00:1:0:1::7", {}))},
      {"another protocol", plain4(udp(client4, vip4, 40'000, 80), 17)},
      {"a protocol without ports", plain4(request4, 47)},
      {"an echo request", plain4(icmp(8, 0, 1, {}), 1)},
      {"an echo request",
       in6(Ipv6{.from = client6, .to = vip6, .next = 58} / icmp6(client6, vip6, 128, 0, 1, {}))},
      {"ARP", ethernet("ff:ff:ff:ff:ff:ff", gateway_mac, 0x806, Bytes(28, 0))},
      {"a VLAN tag",
       ethernet(own_mac, gateway_mac, 0x8100, be16(5) + be16(0x800) + (Ipv4{client4, vip4} / request4))},
      {"to another's MAC address", ethernet(near_mac, gateway_mac, 0x800, Ipv4{client4, vip4} / request4)},
      {"to all", ethernet("ff:ff:ff:ff:ff:ff", gateway_mac, 0x800, Ipv4{client4, vip4} / request4)},
  };
  for (const auto& [what, packet] : packets) EXPECT_EQ(run(packet), passed(packet)) << what;
  EXPECT_EQ(balancer->counters()[0].total().packets, 0u);
}

TEST_F(XdpRefuse, APacketThatIsCutShortPassesWhereverItIsCut) {
  for (const auto& whole : {plain4(request4), in6(Ipv6{client6, vip6} / request6)})
    for (std::size_t length = 14; length < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      ASSERT_EQ(run(cut), passed(cut)) << length << " of " << whole.size();
    }
}

TEST_F(XdpRefuse, LengthsThatCannotBePass) {
  const auto packet = Ipv4{client4, vip4} / request4;
  const auto packet6 = Ipv6{client6, vip6} / request6;
  const std::vector<std::pair<const char*, Bytes>> packets = {
      {"a version 5", in4(patched(packet, 0, {0x55}))},
      {"a header of 16 bytes", in4(patched(packet, 0, {0x44}))},
      {"a header longer than the packet", in4(patched(packet, 0, {0x4f}))},
      {"a total shorter than the header", in4(patched(packet, 2, be16(19)))},
      {"a total longer than the frame",
       in4(patched(packet, 2, be16(static_cast<unsigned>(packet.size() + 1))))},
      {"a total that ends within TCP's header", in4(patched(packet, 2, be16(39)) + Bytes(20, 0))},
      {"a version 4 as IPv6", in6(patched(packet6, 0, {0x40}))},
      {"a payload longer than the frame", in6(patched(packet6, 4, be16(21)))},
      {"a payload that ends within TCP's header", in6(patched(packet6, 4, be16(19)))},
      {"no payload (a jumbogram)", in6(patched(packet6, 4, be16(0)))},
      {"an extension header longer than the packet",
       in6(Ipv6{.from = client6, .to = vip6, .next = 0} / (Bytes{6, 255, 1, 4, 0, 0, 0, 0} + request6))},
      {"more extension headers than anyone needs", in6(Ipv6{.from = client6, .to = vip6, .next = 60} / ([] {
                                                         Bytes chain;
                                                         for (int i = 0; i < 20; ++i)
                                                           chain = chain + Bytes{60, 0, 1, 4, 0, 0, 0, 0};
                                                         return chain;
                                                       }() + request6))},
      {"a routing header with segments left",
       in6(Ipv6{.from = client6, .to = vip6, .next = 43} / (Bytes{6, 0, 4, 1, 0, 0, 0, 0} + request6))},
  };
  for (const auto& [what, packet] : packets) EXPECT_EQ(run(packet), passed(packet)) << what;
}

TEST_F(XdpRefuse, AFragmentOfAServiceIsDropped) {
  // Only the first has ports, and the kernel that put them together would answer for the service: with a
  // reset.
  for (const unsigned flags_and_offset : {0x2000u, 0x2001u, 0x0001u, 0x1fffu}) {
    const Ipv4 header{.from = client4, .to = vip4, .flags_and_offset = flags_and_offset};
    EXPECT_EQ(run(in4(header / request4)).verdict, "DROP") << flags_and_offset;
  }
  const auto fragment6 = [&](unsigned offset_and_more) {
    return in6(Ipv6{.from = client6, .to = vip6, .next = 44} /
               (Bytes{6, 0} + be16(offset_and_more) + be32(7) + request6));
  };
  EXPECT_EQ(run(fragment6(0x0001)).verdict, "DROP") << "the first";
  EXPECT_EQ(run(fragment6(0x00b8)).verdict, "DROP") << "the last";
  EXPECT_EQ(balancer->events().fragment, 6u);
  EXPECT_EQ(run(fragment6(0)).verdict, "TX") << "RFC 6946: one that is whole is no fragment";
}

TEST_F(XdpRefuse, AFragmentOfWhatIsNoServicesPasses) {
  for (const auto& packet :
       {in4(Ipv4{.from = client4, .to = "10.1.2.7", .flags_and_offset = 0x2000} / request4),
        in4(Ipv4{.from = client4, .to = vip4, .protocol = 17, .flags_and_offset = 0x0010} / request4)})
    EXPECT_EQ(run(packet), passed(packet));
  balancer->set_services({});
  const auto packet = in4(Ipv4{.from = client4, .to = vip4, .flags_and_offset = 0x2000} / request4);
  EXPECT_EQ(run(packet), passed(packet)) << "no longer a service";
}

TEST_F(XdpRefuse, ATtlThatIsUsedUpIsDropped) {
  for (const unsigned ttl : {0u, 1u}) {
    EXPECT_EQ(run(in4(Ipv4{.from = client4, .to = vip4, .ttl = ttl} / request4)).verdict, "DROP");
    EXPECT_EQ(run(in6(Ipv6{.from = client6, .to = vip6, .hop_limit = ttl} / request6)).verdict, "DROP");
  }
  EXPECT_EQ(balancer->events().ttl, 4u);
  EXPECT_EQ(run(in4(Ipv4{.from = client4, .to = vip4, .ttl = 2} / request4)).verdict, "TX");
}

/// Whatever sends it back (a real server that has not the service's address, routes that are wrong): the
/// outer TTL begins anew each time, but the inner one is that of all rounds.
TEST_F(XdpRefuse, APacketThatComesBackFromItsTunnelEndsWithItsTtl) {
  const auto rounds = [&](Bytes packet, std::size_t outer) {
    for (int round = 0;; ++round) {
      const auto sent = run(packet);
      if (sent.verdict != "TX") return std::pair{round, sent.verdict};
      packet = Bytes(packet.begin(), packet.begin() + 14) +
               Bytes(sent.packet.begin() + 14 + static_cast<std::ptrdiff_t>(outer), sent.packet.end());
    }
  };
  EXPECT_EQ(rounds(plain4(request4), 20), std::pair(63, std::string("DROP")));
  EXPECT_EQ(rounds(in6(Ipv6{client6, vip6} / request6), 40), std::pair(63, std::string("DROP")));
  EXPECT_EQ(balancer->events().ttl, 2u);
}

TEST_F(XdpRefuse, WhatIsWrappedAlreadyIsNotWrappedAgain) {
  // A real server whose address is itself a service's, and a load balancer on its way.
  balancer->set_services(
      {service("10.1.1.0/24", 80, {tunnel(far4)}), service("172.16.0.0/16", 0, {tunnel(far4)}),
       service("fd00:1::/64", 80, {tunnel(far6)}), service("fd00:16::/32", 0, {tunnel(far6)})});
  for (const auto& packet : {plain4(request4), in6(Ipv6{client6, vip6} / request6)}) {
    const auto wrapped = run(packet);
    ASSERT_EQ(wrapped.verdict, "TX");
    const auto back =
        Bytes(packet.begin(), packet.begin() + 14) + Bytes(wrapped.packet.begin() + 14, wrapped.packet.end());
    EXPECT_EQ(run(back), passed(back));
  }
}

TEST_F(XdpRefuse, WithTheOuterHeaderAPacketMustFitTheWay) {
  const auto sized = [&](std::size_t length) {
    return in4(Ipv4{client4, vip4} / tcp(client4, vip4, {}, Bytes(length - 40, 'x')));
  };
  const auto sized6 = [&](std::size_t length) {
    return in6(Ipv6{client6, vip6} / tcp(client6, vip6, {}, Bytes(length - 60, 'x')));
  };
  EXPECT_EQ(run(sized(1480)).verdict, "TX");
  EXPECT_EQ(run(sized(1481)).verdict, "DROP");
  EXPECT_EQ(run(sized6(1460)).verdict, "TX");
  EXPECT_EQ(run(sized6(1461)).verdict, "DROP");
  ip({"route", "replace", "default", "via", "172.16.1.1", "mtu", "lock", "1400"});
  EXPECT_EQ(run(sized(1380)).verdict, "TX");
  EXPECT_EQ(run(sized(1381)).verdict, "DROP") << "the route's MTU counts";
  auto by_mac = tunnel(far4);
  by_mac.mac = lbcore::xdp::Mac{2, 0, 0, 0, 0, 9};
  balancer->set_services({service("10.1.1.0/24", 80, {by_mac})});
  EXPECT_EQ(run(sized(1480)).verdict, "TX");
  EXPECT_EQ(run(sized(1481)).verdict, "DROP") << "the interface's MTU counts where no route is asked for";
  EXPECT_EQ(balancer->events().too_big, 4u);
}

TEST_F(XdpRefuse, WithoutAServerAWayOrANeighbourItIsDropped) {
  ip({"route", "add", "unreachable", "172.16.3.0/24"});
  ip({"neigh", "replace", "172.16.1.9", "dev", "edge", "nud", "failed"});
  const auto over = [&](std::vector<RealServer> servers) {
    balancer->set_services({service("10.1.1.0/24", 80, std::move(servers))});
    return run(plain4(request4)).verdict;
  };
  EXPECT_EQ(over({}), "DROP");
  EXPECT_EQ(over({tunnel(far4, 0)}), "DROP") << "no weight";
  EXPECT_EQ(balancer->events().no_server, 2u);
  EXPECT_EQ(over({tunnel("172.16.3.2")}), "DROP");
  EXPECT_EQ(over({direct(far4)}), "DROP") << "its gateway would send the packet back";
  EXPECT_EQ(balancer->events().unreachable, 2u);
  EXPECT_EQ(over({direct("172.16.1.9")}), "DROP");
  EXPECT_EQ(balancer->events().no_neighbour, 1u);
  EXPECT_EQ(over({tunnel(far4)}), "TX");
}

}  // namespace
}  // namespace lblab
