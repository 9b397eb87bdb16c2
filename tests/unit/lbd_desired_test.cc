#include <gmock/gmock.h>

#include <algorithm>

#include "fixtures/addresses.hpp"
#include "lbcore/daemon/desired.hpp"

namespace lbcore::daemon {
namespace {

using lblab::fixtures::ip;
using testing::ElementsAre;
using testing::IsEmpty;

ServiceSettings service(const char* addresses, std::uint32_t mark) {
  ServiceSettings s;
  s.name = "web";
  s.addresses = *Prefix::parse(addresses);
  s.port = 80;
  s.mark = mark;
  s.announce = Route{s.addresses, ip("10.0.0.105")};
  return s;
}

TEST(LbdDesired, ARangeGoesByMarkAndASingleAddressByItself) {
  EXPECT_EQ(key_of(service("10.1.1.0/24", 7)), ServiceKey(ByMark{7, false}));
  EXPECT_EQ(key_of(service("fd00::/64", 7)), ServiceKey(ByMark{7, true}));
  EXPECT_EQ(key_of(service("10.1.1.1", 0)), ServiceKey(ByAddress{ip("10.1.1.1"), 80, Protocol::tcp}));
}

TEST(LbdDesired, HealthyServersHaveTheWeightAndDrainingOnesNone) {
  auto web = service("10.1.1.0/24", 1);
  web.weight = 5;
  const Known known[] = {{&web, {{ip("172.16.1.3"), 8080}, {ip("172.16.2.4"), 8080, true}}}};
  const auto table = desired_table(known);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_THAT(table[0].destinations, ElementsAre(Destination{ip("172.16.1.3"), 8080, 5, Forwarding::nat},
                                                 Destination{ip("172.16.2.4"), 8080, 0, Forwarding::nat}));
}

TEST(LbdDesired, ADrainedServiceKeepsItsServersWithoutWeight) {
  const auto web = service("10.1.1.0/24", 1);
  const Known known[] = {{&web, {{ip("172.16.1.3"), 80}}, true}};
  EXPECT_THAT(desired_table(known)[0].destinations,
              ElementsAre(Destination{ip("172.16.1.3"), 80, 0, Forwarding::nat}));
  EXPECT_THAT(desired_routes(known), IsEmpty());
}

TEST(LbdDesired, TunnelAndDirectForwardingKeepThePacketsPort) {
  auto web = service("10.1.1.0/24", 1);
  web.forwarding = Forwarding::tunnel;
  const Known known[] = {{&web, {{ip("172.16.1.3"), 8080, true}, {ip("172.16.1.3"), 8081}}}};
  EXPECT_THAT(desired_table(known)[0].destinations,
              ElementsAre(Destination{ip("172.16.1.3"), 80, 1, Forwarding::tunnel}));
}

TEST(LbdDesired, TablesAreSortedAsTheKernelsIs) {
  const auto by_mark = service("10.1.1.0/24", 1), by_address = service("10.1.2.1", 0),
             six = service("fd00::/64", 2);
  const Known known[] = {{&six, {}}, {&by_mark, {}}, {&by_address, {}}};
  EXPECT_TRUE(std::ranges::is_sorted(desired_table(known), {}, &VirtualService::key));
}

TEST(LbdDesired, ARouteIsAnnouncedWhileAServerTakesNewConnections) {
  const auto web = service("10.1.1.0/24", 1);
  auto tls = service("10.1.1.0/24", 2);
  tls.port = 443;
  const auto routes = [&](Endpoints of_web, Endpoints of_tls) {
    const Known known[] = {{&web, of_web}, {&tls, of_tls}};
    return desired_routes(known);
  };
  const Endpoint serving{ip("172.16.1.3"), 80}, draining{ip("172.16.2.4"), 80, true};
  EXPECT_THAT(routes({}, {}), IsEmpty());
  EXPECT_THAT(routes({draining}, {}), IsEmpty());
  EXPECT_THAT(routes({draining, serving}, {}), ElementsAre(*web.announce));
  EXPECT_THAT(routes({}, {serving}), ElementsAre(*web.announce));
  EXPECT_THAT(routes({serving}, {serving}), ElementsAre(*web.announce));
}

TEST(LbdDesired, EveryServiceHasItsRange) {
  const ServiceSettings services[] = {service("10.1.1.0/24", 1), service("10.1.2.1", 0)};
  const auto r = ranges(services);
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].mark, 1u);
  EXPECT_TRUE(r[0].masquerade);
  EXPECT_EQ(r[1].addresses, *Prefix::parse("10.1.2.1/32"));
}

}  // namespace
}  // namespace lbcore::daemon
