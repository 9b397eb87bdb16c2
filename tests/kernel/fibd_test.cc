// fibd beside a real gobgpd, in namespaces. What the kernel has is read with `ip -j`.
#include "tests/kernel/fibd_fixture.hpp"

namespace lblab {
namespace {

TEST_F(Fibd, TheRouteHasExactlyTheNextHopsThatTheReflectorTellsOf) {
  auto& fib = fibd();  // there is no gobgpd yet
  gobgpd("reflector", reflector);
  gobgpd("router", behind_reflector);
  auto& announcer_a = announce("a", "10.0.0.109");
  auto& announcer_b = announce("b", "10.0.0.109");
  auto& announcer_c = announce("c", "10.0.0.109");
  until_event(fib, {{"event", "ready"}});
  until_route(fib, web, {a, b, c});
  EXPECT_EQ(gateways(web), (Gateways{a, b, c}));
  EXPECT_EQ(ip("router", "route show " + web)[0]["protocol"], "bgp");
  until_route(fib, web6, {"fd00::105", "fd00::106", "fd00::107"});
  EXPECT_EQ(gateways(web6), (Gateways{"fd00::105", "fd00::106", "fd00::107"}));

  announcer_b.end(SIGKILL);
  until_route(fib, web, {a, c});
  EXPECT_EQ(gateways(web), (Gateways{a, c}));
  announcer_a.end(SIGTERM);
  until_route(fib, web, {c});
  EXPECT_EQ(gateways(web), (Gateways{c}));
  announce("b", "10.0.0.109");
  until_route(fib, web, {b, c});
  EXPECT_EQ(gateways(web), (Gateways{b, c}));
  announcer_c.end(SIGKILL);
  until_route(fib, web, {b});
  programs_.back().end(SIGKILL);
  until_route(fib, web, {});
  until_route(fib, web6, {});
  EXPECT_EQ(gateways(web), Gateways{});
  EXPECT_EQ(gateways(web6), Gateways{});
  EXPECT_EQ(nexthop_objects(), 0u);
}

TEST_F(Fibd, ATableThatIsCompleteAgainEndsWhatIsStaleAndNoRouteIsEverMissed) {
  auto& fib = fibd({"--stale", "10m", "--settle", "1s"});
  gobgpd("reflector", reflector);
  auto& gobgpd_before = gobgpd("router", behind_reflector);
  announce("a", "10.0.0.109");
  auto& announcer_b = announce("b", "10.0.0.109");
  announce("c", "10.0.0.109");
  until_route(fib, web, {a, b, c});
  until_route(fib, web6, {"fd00::105", "fd00::106", "fd00::107"});

  RouteEvents events(kernel_->netns("router"));
  gobgpd_before.end(SIGKILL);
  until_event(fib, {{"event", "stale"}, {"prefixes", 2}});
  announcer_b.end(SIGKILL);
  gobgpd("router", behind_reflector);
  until_event(fib, {{"event", "gobgpd"}, {"state", "up"}});
  EXPECT_EQ(gateways(web), (Gateways{a, b, c})) << "a gobgpd that is still empty took routes away";
  EXPECT_EQ(events.read(), std::vector<std::string>{});
  until_event(fib, {{"event", "complete"}});
  until_route(fib, web, {a, c});
  EXPECT_EQ(gateways(web), (Gateways{a, c}));
  for (const auto& event : events.read()) EXPECT_FALSE(event.starts_with("del route")) << event;
}

TEST_F(Fibd, RoutesOutliveGobgpdForTheStaleTimeAndNoLonger) {
  auto& fib = fibd({"--stale", "3s"});
  auto& daemon = gobgpd("router", beside_announcers());
  for (const auto* host : {"a", "b"}) announce(host, "10.0.0.110");
  until_route(fib, web, {a, b});
  until_route(fib, web6, {"fd00::105", "fd00::106"});

  RouteEvents events(kernel_->netns("router"));
  const auto killed = std::chrono::steady_clock::now();
  daemon.end(SIGKILL);
  until_event(fib, {{"event", "stale"}});
  EXPECT_EQ(gateways(web), (Gateways{a, b}));
  EXPECT_EQ(events.read(), std::vector<std::string>{});
  until_route(fib, web, {});
  EXPECT_GE(std::chrono::steady_clock::now() - killed, std::chrono::seconds(3));
  EXPECT_EQ(gateways(web), Gateways{});
  EXPECT_EQ(nexthop_objects(), 0u);
}

TEST_F(Fibd, ANextHopThatANewGobgpdIsNotToldOfGoesWithTheStaleTime) {
  auto& fib = fibd({"--stale", "15s", "--settle", "500ms"});
  auto& daemon = gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  auto& announcer_b = announce("b", "10.0.0.110");
  until_route(fib, web, {a, b});
  until_route(fib, web6, {"fd00::105", "fd00::106"});

  RouteEvents events(kernel_->netns("router"));
  daemon.end(SIGKILL);
  announcer_b.end(SIGKILL);
  gobgpd("router", beside_announcers());
  // b's session is down: its routes may yet come, so the table does not count as complete.
  until_route(fib, web, {a});
  EXPECT_EQ(fib.story().find("complete"), std::string::npos);
  EXPECT_EQ(gateways(web), Gateways{a});
  for (const auto& event : events.read()) EXPECT_FALSE(event.starts_with("del route " + web)) << event;
}

TEST_F(Fibd, TheNextFibdAdoptsWhatAKilledOneLeftAndChangesNothing) {
  auto& killed = fibd();
  gobgpd("router", beside_announcers());
  for (const auto* host : {"a", "b", "c"}) announce(host, "10.0.0.110");
  until_route(killed, web, {a, b, c});
  until_route(killed, web6, {"fd00::105", "fd00::106", "fd00::107"});

  RouteEvents events(kernel_->netns("router"));
  killed.end(SIGKILL);
  auto& next = fibd();
  until_event(next, {{"event", "ready"}});
  EXPECT_EQ(events.read(), std::vector<std::string>{});
  EXPECT_EQ(gateways(web), (Gateways{a, b, c}));

  run("router", {"ip", "route", "add", "blackhole", "198.51.100.0/24"});
  EXPECT_EQ(events.read(), std::vector<std::string>{"new route 198.51.100.0/24"});
}

TEST_F(Fibd, WhatChangedWhileNoFibdWasThereIsMadeGood) {
  auto& killed = fibd();
  gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  auto& announcer_b = announce("b", "10.0.0.110");
  announce("c", "10.0.0.110");
  until_route(killed, web, {a, b, c});
  until_route(killed, web6, {"fd00::105", "fd00::106", "fd00::107"});
  killed.end(SIGKILL);
  announcer_b.end(SIGKILL);
  run("router", {"ip", "route", "del", web6});

  auto& next = fibd({"--stale", "3s"});
  until_route(next, web, {a, c});
  until_route(next, web6, {"fd00::105", "fd00::107"});
  EXPECT_EQ(gateways(web), (Gateways{a, c}));
  EXPECT_EQ(gateways(web6), (Gateways{"fd00::105", "fd00::107"}));
}

TEST_F(Fibd, TermRemovesItsRoutesAndNobodyElses) {
  auto& fib = fibd();
  gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  until_route(fib, web, {a});
  run("router", {"ip", "route", "add", "198.51.100.0/24", "via", b});
  run("router", {"ip", "route", "add", web, "via", b, "metric", "5"});
  const auto exit = fib.end(SIGTERM);
  EXPECT_EQ(exit.str(), "exit status 0");
  EXPECT_EQ(gateways(web), Gateways{});
  EXPECT_EQ(nexthop_objects(), 0u);
  EXPECT_EQ(ip("router", "route show 198.51.100.0/24")[0]["gateway"], b);
  EXPECT_EQ(ip("router", "route show " + web)[0]["gateway"], b);
}

TEST_F(Fibd, TermWithKeepLeavesItsRoutes) {
  auto& fib = fibd({"--keep"});
  gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  until_route(fib, web, {a});
  EXPECT_EQ(fib.end(SIGTERM).str(), "exit status 0");
  EXPECT_EQ(gateways(web), Gateways{a});
}

TEST_F(Fibd, AnUnreachableNextHopIsTakenInWhenThereIsAWayToIt) {
  auto& fib = fibd();
  gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  announce("b", "10.0.0.110", "10.7.0.5");
  until_event(fib, {{"event", "next-hop"}, {"address", "10.7.0.5"}, {"state", "unreachable"}});
  run("router", {"ip", "route", "add", "10.7.0.0/24", "via", b});
  until_event(fib, {{"event", "next-hop"}, {"address", "10.7.0.5"}, {"state", "reachable"}});
  until_route(fib, web, {a, b});
  EXPECT_EQ(gateways(web), (Gateways{a, b}));
  run("router", {"ip", "route", "del", "10.7.0.0/24"});
  until_route(fib, web, {a});
  EXPECT_EQ(gateways(web), Gateways{a});
}

TEST_F(Fibd, ALinkThatComesBackGetsItsRoutesBack) {
  auto& fib = fibd();
  gobgpd("router", beside_announcers());
  for (const auto* host : {"a", "b"}) announce(host, "10.0.0.110");
  until_route(fib, web, {a, b});
  run("fabric",
      {"ip", "link", "set", "router", "down"});  // the router's carrier is lost; its sessions live on
  until_route(fib, web, {});
  EXPECT_EQ(gateways(web), Gateways{});
  run("fabric", {"ip", "link", "set", "router", "up"});
  until_route(fib, web, {a, b});
  EXPECT_EQ(gateways(web), (Gateways{a, b}));
}

TEST_F(Fibd, ARouteThatSomeoneRemovedIsPutBack) {
  auto& fib = fibd();
  gobgpd("router", beside_announcers());
  announce("a", "10.0.0.110");
  until_route(fib, web, {a});
  until_route(fib, web6, {"fd00::105"});
  RouteEvents events(kernel_->netns("router"));
  run("router", {"ip", "route", "del", web});
  EXPECT_EQ(events.until("new route " + web), std::vector<std::string>{"del route " + web});
  EXPECT_EQ(gateways(web), Gateways{a});
}

}  // namespace
}  // namespace lblab
