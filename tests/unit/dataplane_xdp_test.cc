#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"
#include "lbcore/daemon/desired.hpp"
#include "lbcore/dataplane/xdp_services.hpp"

/// lbd's Table in the words of the XDP load balancer, and back.
namespace lbcore::dataplane {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using testing::ElementsAre;
using testing::IsEmpty;

ServiceSettings settings(const char* addresses, std::uint16_t port, Protocol protocol = Protocol::tcp) {
  ServiceSettings s;
  s.name = addresses;
  s.addresses = net(addresses);
  s.port = port;
  s.protocol = protocol;
  s.scheduler = "mh";
  s.forwarding = Forwarding::tunnel;
  s.masquerade = false;
  s.weight = 5;
  return s;
}

struct Asked {
  std::vector<ServiceSettings> settings;
  std::vector<Range> ranges;
  Table table;
};

/// What lbd asks of its dataplane for three services, of which the second drains a server.
Asked asked() {
  Asked a;
  a.settings = {settings("10.1.1.0/24", 80), settings("10.1.2.0/24", 0, Protocol::udp),
                settings("fd00:1::/64", 443)};
  const Endpoints v4{{ip("172.16.1.3"), 80}, {ip("172.16.2.3"), 80}};
  std::vector<daemon::Known> known{{&a.settings[0], v4},
                                   {&a.settings[1], {v4[0], {v4[1].address, 80, true}}},
                                   {&a.settings[2], {{ip("fd00:16::3"), 8443}}}};
  a.ranges = daemon::ranges(a.settings);
  a.table = daemon::desired_table(known);
  return a;
}

TEST(DataplaneXdp, ARangeIsServedByItsAddressesWithItsPortOrAny) {
  const auto a = asked();
  const auto services = xdp_services(a.ranges, a.table);
  ASSERT_EQ(services.size(), 3u);
  EXPECT_EQ(services[0].name.str(), "tcp 10.1.1.0/24:80");
  EXPECT_EQ(services[1].name.str(), "udp 10.1.2.0/24, any port");
  EXPECT_EQ(services[2].name.str(), "tcp [fd00:1::]/64:443");
  EXPECT_THAT(services[1].servers, ElementsAre(xdp::RealServer{ip("172.16.1.3"), 5, Forwarding::tunnel, {}},
                                               xdp::RealServer{ip("172.16.2.3"), 0, Forwarding::tunnel, {}}));
}

TEST(DataplaneXdp, WhatTheKernelHasReadsAsWhatWasAskedFor) {
  const auto a = asked();
  EXPECT_EQ(table_of(xdp_services(a.ranges, a.table)), a.table);
  EXPECT_THAT(table_of({}), IsEmpty());
}

TEST(DataplaneXdp, AServiceWithoutARangeIsLeftOut) {
  auto a = asked();
  a.ranges.erase(a.ranges.begin());
  EXPECT_EQ(xdp_services(a.ranges, a.table).size(), 2u);
}

TEST(DataplaneXdp, ARangeThatGrowsTakesItsRealServersAlong) {
  const auto a = asked();
  auto grown = a.settings;
  grown[0].addresses = net("10.1.0.0/16");
  grown[2].addresses = net("fd00:1::/48");
  const auto moved = moved_to(daemon::ranges(grown), xdp_services(a.ranges, a.table));
  EXPECT_EQ(moved[0].name.str(), "tcp 10.1.1.0/24:80") << "its first address is another: so is the service";
  EXPECT_EQ(moved[2].name.str(), "tcp [fd00:1::]/48:443");
  EXPECT_THAT(moved[2].servers, testing::SizeIs(1));
}

TEST(DataplaneXdp, CountsAreOfEachServiceAndRealServerOverAllCpus) {
  const xdp::ServiceCounters web{
      {net("10.1.1.0/24"), 80}, {{3, 300}, {1, 100}}, {{ip("172.16.1.3"), {{2, 200}, {0, 0}}}}};
  const auto counted = counters_of(std::vector{web});
  ASSERT_EQ(counted.size(), 1u);
  EXPECT_EQ(counted[0].key, ServiceKey(ByAddress{ip("10.1.1.0"), 80}));
  EXPECT_EQ(counted[0].counters.packets_in, 4u);
  EXPECT_EQ(counted[0].counters.bytes_in, 400u);
  EXPECT_EQ(counted[0].destinations.at(0).port, 80);
  EXPECT_EQ(counted[0].destinations.at(0).counters.packets_in, 2u);
}

}  // namespace
}  // namespace lbcore::dataplane
