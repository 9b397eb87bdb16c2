#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"
#include "lab/plan/compile.hpp"
#include "lab/plan/needs.hpp"

namespace lblab::plan {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> lines(const Lab& have, const Lab& want) {
  std::vector<std::string> text;
  for (const auto& op : compile(have, want)) text.push_back(describe(op));
  return text;
}

Host& add_host(Lab& lab, const std::string& name) {
  auto& host = lab.hosts[name];
  host.name = name;
  return host;
}

/// A router and a web server on one bridge.
Lab small_lab() {
  Lab lab;
  auto& fabric = add_host(lab, "fabric");
  fabric.named = false;
  fabric.links = {{.name = "p1", .kind = Veth{"router", "eth0"}, .master = "lan", .alias = "router:eth0"},
                  {.name = "p2", .kind = Veth{"web", "eth0"}, .master = "lan"},
                  {.name = "lan", .kind = Bridge{}}};
  auto& router = add_host(lab, "router");
  router.links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {net("10.0.0.1/24")}}};
  router.sysctls = {{"net.ipv4.ip_forward", "1"}, {"net.ipv4.conf.eth0.rp_filter", "0"}};
  router.routes = {
      {.destination = net("10.1.1.0/24"), .next_hops = {{.via = ip("10.0.0.2"), .link = "eth0"}}},
      {.destination = net("10.1.2.0/24"), .next_hops = {{.link = "eth0"}}}};
  router.nftables = "table ip nat {\n}\n";
  auto& web = add_host(lab, "web");
  web.links = {{.name = "eth0", .kind = VethPeer{}, .mtu = 1450, .addresses = {net("10.0.0.2/24")}}};
  web.neighbours = {{"eth0", ip("10.0.0.9"), "02:00:00:00:00:09"}};
  web.files = {{"/run/web/web.conf", "listen 80;\n"}};
  web.processes = {{.name = "health", .argv = {"check", "10.0.0.2"}, .after = {"web"}},
                   {.name = "web", .argv = {"nginx", "-c", "/run/web/web.conf"}, .needs = {"program:nginx"}}};
  return lab;
}

TEST(Plan, BringingUpASmallLabReadsLikeAStory) {
  EXPECT_THAT(lines({}, small_lab()),
              ElementsAre("fabric: add host, unnamed",                                                //
                          "router: add host",                                                         //
                          "web: add host",                                                            //
                          "router: sysctl net.ipv4.ip_forward = 1",                                   //
                          "fabric: add link lan: bridge",                                             //
                          "fabric: add link p1: veth to router:eth0, master lan, alias router:eth0",  //
                          "fabric: add link p2: veth to web:eth0, master lan",                        //
                          "web: configure link eth0: mtu 1450",                                       //
                          "router: sysctl net.ipv4.conf.eth0.rp_filter = 0",                          //
                          "router: address 10.0.0.1/24 dev eth0",                                     //
                          "web: address 10.0.0.2/24 dev eth0",                                        //
                          "fabric: link lo up",                                                       //
                          "fabric: link p1 up",                                                       //
                          "fabric: link p2 up",                                                       //
                          "router: link lo up",                                                       //
                          "router: link eth0 up",                                                     //
                          "web: link lo up",                                                          //
                          "web: link eth0 up",                                                        //
                          "fabric: link lan up",                                                      //
                          "router: route 10.1.2.0/24 dev eth0",                                       //
                          "router: route 10.1.1.0/24 via 10.0.0.2 dev eth0",                          //
                          "web: neighbour 10.0.0.9 mac 02:00:00:00:00:09 dev eth0",                   //
                          "router: nftables, 2 lines",                                                //
                          "web: file /run/web/web.conf (11 bytes, mode 0644)",                        //
                          "web: start web: nginx -c /run/web/web.conf",                               //
                          "web: start health: check 10.0.0.2"));
}

TEST(Plan, TakingItDownStopsWhatRunsAndDropsTheHosts) {
  EXPECT_THAT(lines(small_lab(), {}),
              ElementsAre("web: stop health (signal 15)", "web: stop web (signal 15)", "fabric: remove host",
                          "router: remove host", "web: remove host"));
}

Host with_processes(const std::string& name, const std::vector<Process>& processes) {
  return {.name = name, .processes = processes};
}

/// What a process needs is there until it has ended; what nobody needs waits for nobody.
TEST(Plan, WhatEndsLastIsStoppedInALaterTurn) {
  Lab have;
  const Process announcer{.name = "announcer"}, balancer{.name = "balancer", .after = {"announcer"}};
  have.hosts["lb1"] = with_processes("lb1", {balancer, announcer});
  have.hosts["lb2"] = with_processes("lb2", {announcer, balancer, {.name = "log", .after = {"balancer"}}});
  have.hosts["web"] = with_processes("web", {announcer, {.name = "server"}});
  auto turns_of = [](const Plan& plan) {
    std::vector<std::set<std::string>> turns;
    for (const auto& turn : stop_turns(plan)) {
      turns.emplace_back();
      for (const auto& op : turn) turns.back().insert(describe(op));
    }
    return turns;
  };
  using Names = std::set<std::string>;
  EXPECT_THAT(turns_of(compile(have, {})),
              ElementsAre(Names{"lb1: stop balancer (signal 15)", "lb2: stop log (signal 15)"},
                          Names{"lb1: stop announcer (signal 15)", "lb2: stop balancer (signal 15)"},
                          Names{"lb2: stop announcer (signal 15)", "web: stop announcer (signal 15)",
                                "web: stop server (signal 15)"}));
  auto want = have;
  want.hosts.erase("web");
  want.hosts["lb1"].processes.erase(want.hosts["lb1"].processes.begin());
  EXPECT_THAT(turns_of(compile(have, want)),
              ElementsAre(Names{"lb1: stop balancer (signal 15)", "web: stop announcer (signal 15)",
                                "web: stop server (signal 15)"}))
      << "another host's announcer is nothing to the balancer";
  EXPECT_THAT(stop_turns(compile({}, have)), IsEmpty());
}

TEST(Plan, NothingToDoIsAnEmptyPlan) { EXPECT_THAT(lines(small_lab(), small_lab()), IsEmpty()); }

TEST(Plan, AHostMoreTouchesNoOther) {
  auto want = small_lab();
  want.hosts["fabric"].links.push_back({.name = "p3", .kind = Veth{"extra", "eth0"}, .master = "lan"});
  add_host(want, "extra").links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {net("10.0.0.3/24")}}};
  EXPECT_THAT(lines(small_lab(), want),
              ElementsAre("extra: add host", "fabric: add link p3: veth to extra:eth0, master lan",
                          "extra: address 10.0.0.3/24 dev eth0", "extra: link lo up", "extra: link eth0 up",
                          "fabric: link p3 up"));
}

/// The kernel takes a namespace's veths away in its own time; until then the other end's name would be in the
/// way.
TEST(Plan, TheOtherEndOfALinkIsRemovedBeforeTheHostThatItLedTo) {
  auto want = small_lab();
  want.hosts["fabric"].links.erase(want.hosts["fabric"].links.begin() + 1);
  want.hosts.erase("web");
  EXPECT_THAT(lines(small_lab(), want),
              ElementsAre("web: stop health (signal 15)", "web: stop web (signal 15)",
                          "fabric: remove link p2", "web: remove host"));
  // Also if it is the far end that stays.
  Lab have, rest;
  add_host(have, "near").links = {{.name = "eth0", .kind = Veth{"far", "eth0"}}};
  add_host(have, "far").links = {{.name = "eth0", .kind = VethPeer{}}};
  add_host(rest, "far");
  EXPECT_THAT(lines(have, rest), ElementsAre("far: remove link eth0", "near: remove host"));
}

TEST(Plan, AChangedRouteIsReplacedInPlace) {
  auto want = small_lab();
  want.hosts["router"].routes[0].next_hops = {{.via = ip("10.0.0.2")}, {.via = ip("10.0.0.3"), .weight = 2}};
  EXPECT_THAT(lines(small_lab(), want),
              ElementsAre("router: route 10.1.1.0/24 via 10.0.0.2, via 10.0.0.3 weight 2"));
}

TEST(Plan, ALinkMadeAnewTakesItsOtherEndAndWhatStoodOnBothWithIt) {
  auto want = small_lab();
  want.hosts["web"].links[0].mtu = 0;  // back to the default: the kernel has no word for that
  EXPECT_THAT(lines(small_lab(), want),
              ElementsAre("fabric: remove link p2", "fabric: add link p2: veth to web:eth0, master lan",
                          "web: address 10.0.0.2/24 dev eth0", "fabric: link p2 up", "web: link eth0 up",
                          "web: neighbour 10.0.0.9 mac 02:00:00:00:00:09 dev eth0"));
}

TEST(Plan, WithItsLastAddressALinkLosesSettingsAndNeighboursWhichAreSetAgain) {
  auto have = small_lab(), want = small_lab();
  have.hosts["web"].sysctls = want.hosts["web"].sysctls = {{"net.ipv4.conf.eth0.arp_ignore", "1"}};
  want.hosts["web"].links[0].addresses = {net("10.0.0.22/24")};
  EXPECT_THAT(lines(have, want), ElementsAre("web: remove address 10.0.0.2/24 dev eth0",
                                             "web: sysctl net.ipv4.conf.eth0.arp_ignore = 1",
                                             "web: address 10.0.0.22/24 dev eth0",
                                             "web: neighbour 10.0.0.9 mac 02:00:00:00:00:09 dev eth0"));
}

TEST(Plan, WithABridgeMadeAnewItsPortsJoinAgain) {
  auto have = small_lab();
  have.hosts["fabric"].links[2].mtu = 1400;
  EXPECT_THAT(lines(have, small_lab()),
              ElementsAre("fabric: remove link lan", "fabric: add link lan: bridge",
                          "fabric: configure link p1: master lan, alias router:eth0",
                          "fabric: configure link p2: master lan", "fabric: link lan up"));
}

TEST(Plan, ARewrittenFileReloadsItsReader) {
  auto have = small_lab();
  auto& nginx = have.hosts["web"].processes[1];
  nginx.reload_signal = 1;
  nginx.reload_files = {"/run/web/web.conf"};
  auto want = have;
  want.hosts["web"].files[0].text = "listen 8080;\n";
  EXPECT_THAT(lines(have, want),
              ElementsAre("web: file /run/web/web.conf (13 bytes, mode 0644)", "web: reload web (signal 1)"));
  want.hosts["web"].processes[1].reload_signal = 2;
  EXPECT_THAT(lines(have, want),
              ElementsAre("web: stop web (signal 15)", "web: file /run/web/web.conf (13 bytes, mode 0644)",
                          "web: start web: nginx -c /run/web/web.conf"))
      << "a process that is started anew reads its file anyway";
}

TEST(Plan, ASysctlNoLongerWantedGoesBack) {
  auto want = small_lab();
  want.hosts["router"].sysctls.erase("net.ipv4.ip_forward");
  EXPECT_THAT(lines(small_lab(), want),
              ElementsAre("router: sysctl net.ipv4.ip_forward = (as in a new namespace)"));
}

TEST(Plan, SaysWhatTheMachineMustHave) {
  auto lab = small_lab();
  EXPECT_THAT(needs(compile({}, lab)),
              UnorderedElementsAre("netns", "veth", "bridge", "nftables", "program:nginx", "program:check"));
  lab.hosts["web"].links.push_back({.name = "t", .kind = Ipip{}});
  lab.hosts["web"].links.push_back({.name = "v", .kind = Vxlan{1, ip("10.0.0.2"), "eth0"}});
  lab.hosts["web"].links.push_back({.name = "u", .kind = Tun{}});
  lab.hosts["web"].processes[0].needs = {"ipvs"};
  lab.hosts["router"].routes[0].next_hops.push_back({.via = ip("10.0.0.3")});
  const auto more = needs(compile(small_lab(), lab));
  for (const auto* feature : {"ipip", "vxlan", "tun", "ipvs", "multipath"})
    EXPECT_TRUE(more.contains(feature)) << feature;
}

}  // namespace
}  // namespace lblab::plan
