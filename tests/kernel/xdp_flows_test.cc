#include <sched.h>

#include <map>

#include "tests/kernel/xdp_fixture.hpp"

namespace lblab {
namespace {

using namespace packets;
using testing::AnyOf;
using testing::StrEq;

constexpr unsigned flows = 200, first_port = 20'000;

/// Which real server a flow goes to, as services change.
class XdpFlows : public XdpTest {
 protected:
  using Reached = std::map<unsigned, std::string>;  // by client port

  void over4(std::vector<RealServer> servers) {
    balancer->set_services({service("10.1.1.0/24", 80, std::move(servers))});
  }
  Reached each(unsigned flags = ack) {
    Reached reached;
    for (unsigned port = first_port; port < first_port + flows; ++port)
      reached[port] = server_of(run(segment(port, flags)));
    return reached;
  }
  static Reached only(Reached reached, const std::string& server) {
    std::erase_if(reached, [&](const auto& r) { return r.second != server; });
    return reached;
  }
  const std::string a = "172.16.2.2", b = "172.16.3.2", c = "172.16.4.2";
};

TEST_F(XdpFlows, EveryServerGetsItsShare) {
  over4({tunnel(a), tunnel(b, 3)});
  std::map<std::string, int> got;
  for (unsigned port = 1024; port < 1024 + 4'000; ++port) ++got[server_of(run(segment(port, syn)))];
  // Binomial: 1000 ± 27; the table's own unevenness at 251 entries is below 0.5 %.
  EXPECT_NEAR(got[a], 1'000, 150);
  EXPECT_NEAR(got[b], 3'000, 150);
}

TEST_F(XdpFlows, Ipv6FlowsAreSpreadToo) {
  const std::string a6 = "fd00:16:2::2", b6 = "fd00:16:3::2";
  balancer->set_services({service("fd00:1::/64", 80, {tunnel(a6), tunnel(b6)})});
  std::map<std::string, int> got;
  for (unsigned port = 1024; port < 1024 + 1'000; ++port) ++got[server_of(run(segment6(port, syn)))];
  EXPECT_NEAR(got[a6], 500, 100);
  EXPECT_NEAR(got[b6], 500, 100);
}

TEST_F(XdpFlows, AnotherLoadBalancerMakesTheSameChoicesWhateverTheOrderOfServers) {
  over4({tunnel(a), tunnel(b), tunnel(c)});
  const auto here = each();
  make();
  over4({tunnel(c)});
  over4({tunnel(c), tunnel(b), tunnel(a)});
  EXPECT_EQ(each(), here);
}

TEST_F(XdpFlows, EstablishedFlowsStayWhereTheyAreWhenAServerComes) {
  over4({tunnel(a), tunnel(b)});
  const auto before = each(syn);
  over4({tunnel(a), tunnel(b), tunnel(c)});
  EXPECT_EQ(each(), before);
  EXPECT_FALSE(only(each(syn), c).empty()) << "new ones of the same ports go by the table";
}

TEST_F(XdpFlows, WithoutWeightAServerKeepsItsFlowsAndGetsNoNewOnes) {
  over4({tunnel(a), tunnel(b)});
  const auto before = each(syn);
  ASSERT_FALSE(only(before, a).empty());
  over4({tunnel(a, 0), tunnel(b)});
  EXPECT_EQ(each(), before);
  EXPECT_TRUE(only(each(syn), a).empty());
}

TEST_F(XdpFlows, FlowsOfAServerThatWentGoElsewhereAndNoOthersMove) {
  over4({tunnel(a), tunnel(b), tunnel(c)});
  const auto before = each(syn);
  over4({tunnel(b), tunnel(c)});
  const auto after = each();
  for (const auto& [port, server] : before) {
    if (server == a)
      EXPECT_THAT(after.at(port), AnyOf(StrEq(b), StrEq(c)));
    else
      EXPECT_EQ(after.at(port), server) << port;
  }
}

TEST_F(XdpFlows, AServerThatTakesTheSlotOfAnotherDoesNotGetItsFlows) {
  over4({tunnel(a), tunnel(b)});
  const auto before = each(syn);
  over4({tunnel(b)});
  over4({tunnel(b), tunnel(c)});
  const auto after = each();
  EXPECT_TRUE(only(after, a).empty());
  make();
  over4({tunnel(b), tunnel(c)});
  const auto without_memory = each();
  for (const auto& [port, server] : only(before, a))
    EXPECT_EQ(after.at(port), without_memory.at(port)) << "by the table, not by the slot";
}

TEST_F(XdpFlows, AFlowThatMovesToAnotherCpuStaysWithItsServer) {
  over4({tunnel(a), tunnel(b)});
  cpu_set_t all, one;
  sys::check("ask for CPUs", ::sched_getaffinity(0, sizeof all, &all));
  Reached before;
  bool established = false;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sys::check("move to a CPU", ::sched_setaffinity(0, sizeof one, &one));
    if (!established) {
      before = each(syn);
      over4({tunnel(a), tunnel(b), tunnel(c)});
      established = true;
    }
    EXPECT_EQ(each(), before) << "on CPU " << cpu;
  }
  sys::check("move back", ::sched_setaffinity(0, sizeof all, &all));
}

TEST_F(XdpFlows, ARemovedServiceTakesItsFlowsAlong) {
  over4({tunnel(a)});
  EXPECT_EQ(server_of(run(segment(first_port))), a);
  balancer->set_services({});
  EXPECT_EQ(run(segment(first_port)), passed(segment(first_port)));
}

TEST_F(XdpFlows, TheServiceWithThePortGoesBeforeTheOneForAnyAndThenTheLongestNetwork) {
  balancer->set_services({service("10.1.1.0/24", 0, {tunnel(a)}), service("10.1.0.0/16", 80, {tunnel(b)}),
                          service("10.1.1.7/32", 443, {tunnel(c)})});
  const auto to = [&](const std::string& address, unsigned port) {
    return server_of(run(in4(Ipv4{client4, address} / tcp(client4, address, {.to = port}))));
  };
  EXPECT_EQ(to("10.1.1.7", 80), b);
  EXPECT_EQ(to("10.1.1.7", 443), c);
  EXPECT_EQ(to("10.1.1.8", 443), a);
  EXPECT_EQ(to("10.1.2.1", 80), b);
  EXPECT_EQ(to("10.1.2.1", 443), "");
}

// ---- ICMP errors

class XdpIcmp : public XdpFlows {
 protected:
  /// What the router between sends of an answer of the service's that it could not forward: a quotation of
  /// its header and the first 8 bytes behind (RFC 792), or as much as fits (RFC 4443).
  static Bytes error4(unsigned type, unsigned code, std::uint32_t rest, unsigned client_port,
                      const Bytes& options = {}) {
    const Ipv4 answer{.from = vip4, .to = client4, .ttl = 1, .options = options};
    auto quoted = answer / tcp(vip4, client4, {80, client_port, ack}, Bytes(100, 'x'));
    quoted.resize(20 + options.size() + 8);
    return icmp(type, code, rest, quoted);
  }
  static Bytes error6(unsigned type, unsigned code, std::uint32_t rest, unsigned client_port) {
    return icmp6(router6, vip6, type, code, rest,
                 Ipv6{vip6, client6} / tcp(vip6, client6, {80, client_port, ack}, Bytes(100, 'x')));
  }
  static Bytes from_router(const Bytes& message, unsigned ttl = 64) {
    return Ipv4{.from = "198.51.100.1", .to = vip4, .protocol = 1, .ttl = ttl} / message;
  }
  static Bytes from_router6(const Bytes& message, unsigned hop_limit = 64) {
    return Ipv6{.from = router6, .to = vip6, .next = 58, .hop_limit = hop_limit} / message;
  }
  static constexpr auto router6 = "2001:db8:1::1";
};

TEST_F(XdpIcmp, AnErrorGoesWholeToTheServerOfTheFlowThatItQuotes) {
  over4({tunnel(a), tunnel(b)});
  auto servers = each(syn);
  over4({tunnel(a), tunnel(b), tunnel(c)});  // so that some flows are not where the table says
  for (const auto& [port, server] : servers) {
    const auto too_big = error4(3, 4, 1400, port);
    const Ipv4 outer{.from = own4, .to = server, .protocol = 4, .id = 0};
    ASSERT_EQ(run(in4(from_router(too_big))), sent(out4(outer / from_router(too_big, 63)))) << port;
  }
  EXPECT_EQ(balancer->events().icmp_error, flows);
  EXPECT_EQ(server_of(run(in4(from_router(error4(11, 0, 0, first_port))))), servers[first_port])
      << "TTL exceeded";
  EXPECT_EQ(server_of(run(in4(from_router(error4(12, 0, 0, first_port))))), servers[first_port])
      << "a bad parameter";
  EXPECT_EQ(server_of(run(in4(from_router(error4(3, 1, 0, first_port, Bytes(8, 1)))))), servers[first_port])
      << "an answer with options";
}

TEST_F(XdpIcmp, AnIpv6ErrorDoesToo) {
  const std::string a6 = "fd00:16:2::2", b6 = "fd00:16:3::2";
  balancer->set_services({service("fd00:1::/64", 80, {tunnel(a6), tunnel(b6)})});
  for (unsigned port = first_port; port < first_port + 20; ++port) {
    const auto server = server_of(run(segment6(port, syn)));
    const auto too_big = error6(2, 0, 1400, port);
    const Ipv6 outer{.from = own6, .to = server, .next = 41};
    ASSERT_EQ(run(in6(from_router6(too_big))), sent(out6(outer / from_router6(too_big, 63)))) << port;
  }
}

TEST_F(XdpIcmp, AnErrorOfAFlowThatIsNotRememberedGoesByTheTable) {
  over4({tunnel(a), tunnel(b), tunnel(c)});
  Reached by_error;
  for (unsigned port = first_port; port < first_port + flows; ++port)
    by_error[port] = server_of(run(in4(from_router(error4(3, 4, 1400, port)))));
  EXPECT_EQ(balancer->events().chosen, 0u) << "an error, which anyone can send, leaves nothing to remember";
  EXPECT_EQ(each(), by_error);
}

TEST_F(XdpIcmp, OtherErrorsPass) {
  over4({tunnel(a)});
  const auto quoting = [&](const Bytes& packet) { return in4(from_router(icmp(3, 4, 1400, packet))); };
  const auto answer = tcp(vip4, client4, {80, first_port, ack});
  Bytes fragment = Ipv4{.from = vip4, .to = client4, .flags_and_offset = 0x2001} / answer;
  const std::vector<std::pair<const char*, Bytes>> packets = {
      {"of another port", quoting(Ipv4{vip4, client4} / tcp(vip4, client4, {81, first_port, ack}))},
      {"of another's packet",
       quoting(Ipv4{"10.1.1.8", client4} / tcp("10.1.1.8", client4, {80, first_port, ack}))},
      {"of a later fragment", quoting(fragment)},
      {"of ICMP", quoting(Ipv4{.from = vip4, .to = client4, .protocol = 1} / icmp(0, 0, 1, {}))},
      {"of nothing", quoting({})},
      {"of half a header", quoting(Bytes(19, 0x45))},
      {"of a header without ports", quoting([&] {
         auto cut = Ipv4{vip4, client4} / answer;
         cut.resize(23);
         return cut;
       }())},
      {"of another version", quoting(patched(Ipv4{vip4, client4} / answer, 0, {0x65}))},
      {"a redirect", in4(from_router(error4(5, 1, 0, first_port)))},
      {"an echo reply", in4(from_router(error4(0, 0, 0, first_port)))},
  };
  for (const auto& [what, packet] : packets) EXPECT_EQ(run(packet), passed(packet)) << what;
}

}  // namespace
}  // namespace lblab
