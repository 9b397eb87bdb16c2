#include "tests/kernel/xdp_fixture.hpp"

namespace lblab {
namespace {

using namespace packets;
using lbcore::Protocol;

/// A packet in, a packet out, byte by byte; all that is expected is laid out by tests/kernel/xdp_packets.hpp.
class XdpForward : public XdpTest {
 protected:
  XdpForward() {
    balancer->set_services(
        {service("10.1.1.0/24", 80, {tunnel(far4)}), service("10.1.2.1/32", 80, {direct(near4)}),
         service("10.1.1.0/24", 53, {tunnel(far4)}, Protocol::udp),
         service("10.1.1.0/24", 0, {tunnel(far4)}, Protocol::sctp),
         service("fd00:1::/64", 80, {tunnel(far6)}), service("fd00:2::1/128", 80, {direct(near6)}),
         service("fd00:1::/64", 53, {tunnel(far6)}, Protocol::udp)});
  }

  /// RFC 2003, 3.1: header of its own round the packet; no options; type of service and DF as decided.
  static Bytes ipip(const Bytes& inner, unsigned tos = 0) {
    return Ipv4{.from = own4, .to = far4, .protocol = 4, .tos = tos, .id = 0} / inner;
  }
  /// RFC 2473, 3.1
  static Bytes ip6ip6(const Bytes& inner, unsigned traffic_class = 0) {
    return Ipv6{.from = own6, .to = far6, .next = 41, .traffic_class = traffic_class} / inner;
  }
  const Bytes data{'h', 'e', 'l', 'l', 'o'};
  const Bytes request4 = tcp(client4, vip4, {}, data), request6 = tcp(client6, vip6, {}, data);
};

TEST_F(XdpForward, AnIpv4PacketIsWrappedAndItsTtlIsOneLess) {
  const Ipv4 before{client4, vip4}, after{.from = client4, .to = vip4, .ttl = 63};
  EXPECT_EQ(run(in4(before / request4)), sent(out4(ipip(after / request4))));
}

TEST_F(XdpForward, AnIpv6PacketIsWrappedAndItsHopLimitIsOneLess) {
  const Ipv6 before{client6, vip6}, after{.from = client6, .to = vip6, .hop_limit = 63};
  EXPECT_EQ(run(in6(before / request6)), sent(out6(ip6ip6(after / request6))));
}

TEST_F(XdpForward, DirectlyForwardedItGoesToTheServersMacAddressAndChangesNothingElseButItsTtl) {
  const auto request = tcp(client4, "10.1.2.1", {}, data);
  const Ipv4 before{client4, "10.1.2.1"}, after{.from = client4, .to = "10.1.2.1", .ttl = 63};
  EXPECT_EQ(run(in4(before / request)), sent(ethernet(near_mac, own_mac, 0x800, after / request)));
  const auto request6 = tcp(client6, "fd00:2::1", {}, data);
  const Ipv6 before6{client6, "fd00:2::1"}, after6{.from = client6, .to = "fd00:2::1", .hop_limit = 63};
  EXPECT_EQ(run(in6(before6 / request6)), sent(ethernet(near_mac, own_mac, 0x86dd, after6 / request6)));
}

TEST_F(XdpForward, UdpAndSctpAreBalancedToo) {
  const auto query = udp(client4, vip4, 5'353, 53, data);
  const Ipv4 before{.from = client4, .to = vip4, .protocol = 17},
      after{.from = client4, .to = vip4, .protocol = 17, .ttl = 63};
  EXPECT_EQ(run(in4(before / query)), sent(out4(ipip(after / query))));
  const auto query6 = udp(client6, vip6, 5'353, 53, data);
  const Ipv6 before6{.from = client6, .to = vip6, .next = 17},
      after6{.from = client6, .to = vip6, .next = 17, .hop_limit = 63};
  EXPECT_EQ(run(in6(before6 / query6)), sent(out6(ip6ip6(after6 / query6))));
  // RFC 9260, 3.1: a common header; the service takes any port
  const auto chunk = be16(40'000) + be16(3'868) + be32(7) + be32(0) + data;
  const Ipv4 sctp{.from = client4, .to = vip4, .protocol = 132},
      sctp_after{.from = client4, .to = vip4, .protocol = 132, .ttl = 63};
  EXPECT_EQ(run(in4(sctp / chunk)), sent(out4(ipip(sctp_after / chunk))));
}

TEST_F(XdpForward, TypeOfServiceAndEcnAreCopiedOutside) {
  // RFC 6040, 4.1: in normal mode each of the four ECN codepoints is copied, and so is the DSCP of a uniform
  // tunnel (RFC 2983).
  for (const unsigned tos : {0u, 1u, 2u, 3u, 0xb8u, 0xffu}) {
    const Ipv4 before{.from = client4, .to = vip4, .tos = tos},
        after{.from = client4, .to = vip4, .ttl = 63, .tos = tos};
    EXPECT_EQ(run(in4(before / request4)), sent(out4(ipip(after / request4, tos)))) << tos;
    const Ipv6 before6{.from = client6, .to = vip6, .traffic_class = tos, .flow_label = 0xabcde};
    const Ipv6 after6{
        .from = client6, .to = vip6, .hop_limit = 63, .traffic_class = tos, .flow_label = 0xabcde};
    EXPECT_EQ(run(in6(before6 / request6)), sent(out6(ip6ip6(after6 / request6, tos)))) << tos;
  }
}

TEST_F(XdpForward, IpOptionsStayInside) {
  const Bytes router_alert{0x94, 4, 0, 0}, forty(40, 1);
  for (const auto& options : {router_alert, forty}) {
    const Ipv4 before{.from = client4, .to = vip4, .options = options};
    const Ipv4 after{.from = client4, .to = vip4, .ttl = 63, .options = options};
    EXPECT_EQ(run(in4(before / request4)), sent(out4(ipip(after / request4))));
  }
}

TEST_F(XdpForward, ExtensionHeadersStayInside) {
  // RFC 8200, 4: hop-by-hop with padding, destination options, and a routing header that has been used up
  const Bytes pad6{1, 4, 0, 0, 0, 0};
  const auto extensions = [&](unsigned last) {
    return Bytes{60, 0} + pad6 + Bytes{43, 0} + pad6 +
           Bytes{static_cast<std::uint8_t>(last), 0, 4, 0, 0, 0, 0, 0};
  };
  const Ipv6 before{.from = client6, .to = vip6, .next = 0},
      after{.from = client6, .to = vip6, .next = 0, .hop_limit = 63};
  const auto request = extensions(6) + request6;
  EXPECT_EQ(run(in6(before / request)), sent(out6(ip6ip6(after / request))));
}

TEST_F(XdpForward, PaddingOfShortFramesIsNotTakenForThePacket) {
  const auto bare = tcp(client4, vip4, {});
  const Bytes padding(6, 0);
  const Ipv4 before{client4, vip4}, after{.from = client4, .to = vip4, .ttl = 63};
  EXPECT_EQ(run(in4(before / bare) + padding), sent(out4(ipip(after / bare)) + padding))
      << "the outer length leaves it out as the inner one does";
}

TEST_F(XdpForward, TheHeaderChecksumIsRightWhereItWrapsRoundAndElsewhere) {
  // By the identification it takes every value. One's complement has two zeros, so look closely round them.
  const auto request = tcp(client4, "10.1.2.1", {});
  const Ipv4 first{.from = client4, .to = "10.1.2.1", .id = 0};
  const auto header = first / Bytes{};
  std::vector<unsigned> ids;
  for (unsigned id = 0; id < 0x10000; id += 97) ids.push_back(id);
  const auto zero = header[10] * 256u + header[11];  // an identification that is one more makes it one less
  for (unsigned near = 0; near < 0x400; ++near) ids.push_back((zero + near - 0x200) & 0xffff);
  for (const auto id : ids) {
    const Ipv4 before{.from = client4, .to = "10.1.2.1", .id = id};
    const Ipv4 after{.from = client4, .to = "10.1.2.1", .ttl = 63, .id = id};
    const auto outcome = run(in4(before / request));
    ASSERT_EQ(outcome, sent(ethernet(near_mac, own_mac, 0x800, after / request))) << id;
    const Bytes header(outcome.packet.begin() + 14, outcome.packet.begin() + 34);
    ASSERT_EQ(internet_checksum(header), 0u) << id << dump(header);
  }
}

TEST_F(XdpForward, ABadHeaderChecksumStaysBadSoThatTheServerRefusesIt) {
  const auto bad = patched(Ipv4{client4, vip4} / request4, 10, be16(0xbad0));
  const auto outcome = run(in4(bad));
  ASSERT_EQ(outcome.verdict, "TX");
  const Bytes outer(outcome.packet.begin() + 14, outcome.packet.begin() + 34);
  const Bytes inner(outcome.packet.begin() + 34, outcome.packet.begin() + 54);
  EXPECT_EQ(internet_checksum(outer), 0u);
  EXPECT_NE(internet_checksum(inner), 0u);
}

TEST_F(XdpForward, WithAConfiguredMacAddressNoRouteIsNeeded) {
  auto server = tunnel(far4);
  server.mac = lbcore::xdp::Mac{2, 0, 0, 0, 0, 9};
  balancer->set_services({service("10.1.1.0/24", 80, {server})});
  ip({"route", "del", "default"});
  const Ipv4 before{client4, vip4}, after{.from = client4, .to = vip4, .ttl = 63};
  EXPECT_EQ(run(in4(before / request4)),
            sent(ethernet("02:00:00:00:00:09", own_mac, 0x800, ipip(after / request4))));
}

TEST_F(XdpForward, AServerByAnotherInterfaceGetsThePacketThere) {
  ip({"link", "add", "other", "type", "veth", "peer", "name", "beyond"});
  for (const auto* link : {"other", "beyond"}) ip({"link", "set", link, "up"});
  ip({"addr", "add", "172.16.9.1/24", "dev", "other"});
  ip({"neigh", "replace", "172.16.9.2", "lladdr", near_mac, "dev", "other", "nud", "permanent"});
  balancer->set_services({service("10.1.1.0/24", 80, {direct("172.16.9.2")})});
  EXPECT_EQ(run(in4(Ipv4{client4, vip4} / request4)).verdict, "REDIRECT");
}

}  // namespace
}  // namespace lblab
