#include <gmock/gmock.h>

#include "lbcore/announce/bird.hpp"
#include "lbcore/announce/frr.hpp"
#include "lbcore/announce/gobgp.hpp"
#include "tests/unit/announced_route.hpp"

/// How each agent but exabgp is told what to announce. What they make of it: kernel_tests, Announcers.
namespace lbcore::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AnnounceBird, ReadsTheRoutesThatItWrote) {
  const std::vector<Route> routes{route("10.1.1.0/24"), route("10.1.2.1/32", "10.0.0.106")};
  EXPECT_THAT(bird::routes_file(routes),
              testing::HasSubstr("route 10.1.1.0/24 unreachable { bgp_next_hop = 10.0.0.105; };\n"));
  EXPECT_EQ(bird::read_routes(bird::routes_file(routes)), routes);
  EXPECT_THAT(bird::read_routes(bird::routes_file({})), IsEmpty());
}

TEST(AnnounceBird, PassesOverLinesThatAreNotOurs) {
  EXPECT_THAT(
      bird::read_routes("# route\nroute 10.1.1.0/24 via 10.0.0.1;\nroute x unreachable { bgp_next_hop = "
                        "10.0.0.105; };\nroute 10.1.1.0/24 unreachable { bgp_next_hop = y; };\n\n"),
      IsEmpty());
}

TEST(AnnounceBird, ReadsItsControlSocket) {
  using Kind = bird::Line::Kind;
  EXPECT_EQ(bird::read_line("0001 BIRD 2.0.12 ready."),
            (bird::Line{Kind::last, false, "BIRD 2.0.12 ready."}));
  EXPECT_EQ(bird::read_line("0002-Reading configuration from /run/bird/bird.conf"),
            (bird::Line{Kind::part, false, "Reading configuration from /run/bird/bird.conf"}));
  EXPECT_EQ(bird::read_line("0003 Reconfigured"), (bird::Line{Kind::last, false, "Reconfigured"}));
  EXPECT_EQ(bird::read_line("8002 /run/bird/bird.conf:3:1 syntax error"),
            (bird::Line{Kind::last, true, "/run/bird/bird.conf:3:1 syntax error"}));
  EXPECT_EQ(bird::read_line("   BGP state:          Established"),
            (bird::Line{Kind::part, false, "  BGP state:          Established"}));
  EXPECT_EQ(bird::read_line("+upstream1: BGP session established"),
            (bird::Line{Kind::aside, false, "upstream1: BGP session established"}));
  EXPECT_EQ(bird::read_line("0000 "), (bird::Line{Kind::last, false, ""}));
  EXPECT_EQ(bird::read_line(""), (bird::Line{Kind::part, false, ""}));
}

TEST(AnnounceFrr, NamesARouteMapAfterEachNextHop) {
  EXPECT_THAT(frr::commands({Request::Kind::announce, route("10.1.1.0/24")}),
              ElementsAre("configure terminal", "route-map to-10.0.0.105 permit 10",
                          "set ip next-hop 10.0.0.105", "exit", "router bgp", "address-family ipv4 unicast",
                          "network 10.1.1.0/24 route-map to-10.0.0.105", "end"));
  EXPECT_THAT(frr::commands({Request::Kind::withdraw, route("10.1.1.0/24")}),
              ElementsAre("configure terminal", "router bgp", "address-family ipv4 unicast",
                          "no network 10.1.1.0/24", "end"));
}

TEST(AnnounceFrr, KnowsItsRoutesByTheirRouteMaps) {
  EXPECT_THAT(frr::read_routes("router bgp 65021\n address-family ipv4 unicast\n"
                               "  network 10.1.1.0/24 route-map to-10.0.0.105\n"
                               "  network 10.1.2.0/24\n"
                               "  network 10.1.3.0/24 route-map theirs\n exit-address-family\n"),
              ElementsAre(route("10.1.1.0/24")));
}

TEST(AnnounceGobgp, IsToldThroughItsClient) {
  EXPECT_THAT(gobgp::words({Request::Kind::announce, route("10.1.1.0/24")}),
              ElementsAre("global", "rib", "add", "10.1.1.0/24", "nexthop", "10.0.0.105", "origin", "igp"));
  EXPECT_THAT(gobgp::words({Request::Kind::withdraw, route("10.1.1.0/24")}),
              ElementsAre("global", "rib", "del", "10.1.1.0/24", "nexthop", "10.0.0.105", "origin", "igp"));
}

}  // namespace
}  // namespace lbcore::announce
