#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

class Network : public KernelTest {
 protected:
  /// Changes "left" of what is up.
  void change_left(Lab& have, const std::function<void(Host&)>& edit) {
    Lab want = have;
    edit(want.hosts["left"]);
    kernel_->apply(plan::compile(have, want));
    have = want;
  }
};

Route multipath(std::initializer_list<const char*> gateways) {
  Route route{.destination = prefix("10.1.1.0/24")};
  for (const auto* gateway : gateways) route.next_hops.push_back({.via = address(gateway)});
  return route;
}

std::set<std::string> gateways(const nlohmann::json& route) {
  std::set<std::string> found;
  for (const auto& hop : route["nexthops"]) found.insert(hop["gateway"]);
  return found;
}

TEST_F(Network, AMultipathRouteIsReplacedWhole) {
  auto lab = two_hosts();
  lab.hosts["left"].routes = {multipath({"10.9.0.5", "10.9.0.6", "10.9.0.7"})};
  lab.hosts["left"].routes[0].next_hops[2].weight = 3;
  up(lab);
  auto seen = ip("left", "route show 10.1.1.0/24");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(gateways(seen[0]), (std::set<std::string>{"10.9.0.5", "10.9.0.6", "10.9.0.7"}));
  EXPECT_EQ(find(seen[0]["nexthops"], "gateway", "10.9.0.7")["weight"], 3);
  change_left(lab, [](Host& left) { left.routes = {multipath({"10.9.0.5", "10.9.0.7"})}; });
  seen = ip("left", "route show 10.1.1.0/24");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(gateways(seen[0]), (std::set<std::string>{"10.9.0.5", "10.9.0.7"}));
  change_left(lab, [](Host& left) { left.routes.clear(); });
  EXPECT_EQ(ip("left", "route show 10.1.1.0/24").size(), 0u);
}

TEST_F(Network, RoutesOfEveryTypeAreWhatWasAskedFor) {
  auto lab = two_hosts();
  lab.hosts["left"].routes = {
      {.destination = prefix("0.0.0.0/0"),
       .next_hops = {{.via = address("10.9.0.2")}},
       .source = address("10.9.0.1"),
       .advmss = 1440},
      {.destination = prefix("10.1.2.0/24"), .type = Route::Type::local, .table = 255},
      {.destination = prefix("10.1.3.0/24"), .type = Route::Type::blackhole},
      {.destination = prefix("10.1.4.0/24"), .type = Route::Type::unreachable, .table = 1000},
      {.destination = prefix("10.1.5.0/24"), .next_hops = {{.link = "eth0"}}},
      {.destination = prefix("10.1.6.0/24"),
       .next_hops = {{.via = address("10.8.8.8"), .link = "eth0"}},
       .on_link = true}};
  up(lab);
  const auto seen = ip("left", "-d route show table all");
  const auto route = find(seen, "dst", "default");
  EXPECT_EQ(route["gateway"], "10.9.0.2");
  EXPECT_EQ(route["dev"], "eth0");
  EXPECT_EQ(route["prefsrc"], "10.9.0.1");
  EXPECT_EQ(route["protocol"], "static");
  EXPECT_EQ(route["metrics"][0]["advmss"], 1440);
  EXPECT_EQ(find(seen, "dst", "10.1.2.0/24")["type"], "local");
  EXPECT_EQ(find(seen, "dst", "10.1.2.0/24")["dev"], "lo");
  EXPECT_EQ(find(seen, "dst", "10.1.2.0/24")["table"], "local");
  EXPECT_EQ(find(seen, "dst", "10.1.3.0/24")["type"], "blackhole");
  EXPECT_EQ(find(seen, "dst", "10.1.4.0/24")["type"], "unreachable");
  EXPECT_EQ(find(seen, "dst", "10.1.4.0/24")["table"], "1000");
  EXPECT_EQ(find(seen, "dst", "10.1.5.0/24")["scope"], "link");
  EXPECT_EQ(find(seen, "dst", "10.1.6.0/24")["flags"][0], "onlink");
}

TEST_F(Network, AnIpv6MultipathRouteIsReplacedWhole) {
  auto lab = two_hosts();
  lab.hosts["left"].links[0].addresses.push_back(prefix("2001:db8::1/64"));
  Route route{.destination = prefix("2001:db8:1::/48")};
  route.next_hops = {{.via = address("2001:db8::5")}, {.via = address("2001:db8::6")}};
  lab.hosts["left"].routes = {route};
  up(lab);
  EXPECT_EQ(gateways(ip("left", "-6 route show 2001:db8:1::/48")[0]),
            (std::set<std::string>{"2001:db8::5", "2001:db8::6"}));
  change_left(lab, [](Host& left) { left.routes[0].next_hops = {{.via = address("2001:db8::7")}}; });
  const auto seen = ip("left", "-6 route show 2001:db8:1::/48");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0]["gateway"], "2001:db8::7");
}

TEST_F(Network, AnUnreachableGatewayIsNamedWithItsRoute) {
  auto lab = two_hosts();
  lab.hosts["left"].routes = {multipath({"10.77.0.1", "10.77.0.2"})};
  try {
    up(lab);
    FAIL() << "a route over an unknown network was taken";
  } catch (const apply::ApplyError& error) {
    EXPECT_EQ(error.code().value(), ENETUNREACH);
    EXPECT_NE(std::string(error.what()).find("left: route 10.1.1.0/24 via 10.77.0.1, via 10.77.0.2"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Network, AddressesOfASubnetOutliveItsFirst) {
  auto lab = two_hosts();
  lab.hosts["left"].links[0].addresses = {prefix("10.9.0.1/24"), prefix("10.9.0.11/24"),
                                          prefix("10.8.0.1/24")};
  lab.hosts["left"].routes = {
      {.destination = prefix("0.0.0.0/0"), .next_hops = {{.via = address("10.9.0.2")}}}};
  up(lab);
  change_left(lab, [](Host& left) {
    auto& addresses = left.links[0].addresses;
    addresses.erase(addresses.begin());
  });
  const auto addresses = ip("left", "-4 addr show dev eth0")[0]["addr_info"];
  EXPECT_EQ(addresses.size(), 2u);
  EXPECT_FALSE(find(addresses, "local", "10.9.0.11").is_null()) << addresses;
  EXPECT_FALSE(find(addresses, "local", "10.8.0.1").is_null()) << addresses;
  EXPECT_EQ(ip("left", "route show default")[0]["gateway"], "10.9.0.2");
}

TEST_F(Network, AllAddressesOfASubnetCanGoAtOnce) {
  auto lab = two_hosts();
  lab.hosts["left"].links[0].addresses = {prefix("10.9.0.1/24"), prefix("10.9.0.11/24"),
                                          prefix("10.9.0.12/24")};
  up(lab);
  change_left(lab, [](Host& left) { left.links[0].addresses = {prefix("10.7.0.1/24")}; });
  const auto addresses = ip("left", "-4 addr show dev eth0")[0]["addr_info"];
  ASSERT_EQ(addresses.size(), 1u);
  EXPECT_EQ(addresses[0]["local"], "10.7.0.1");
}

TEST_F(Network, LoopbackHoldsServiceAddresses) {
  Lab lab;
  add_host(lab, "left").links = {{.name = "lo", .kind = Loopback{}, .addresses = {prefix("10.1.1.1/32")}}};
  up(lab);
  EXPECT_FALSE(find(ip("left", "addr show dev lo")[0]["addr_info"], "local", "10.1.1.1").is_null());
  change_left(lab, [](Host& left) { left.links.clear(); });
  EXPECT_TRUE(find(ip("left", "addr show dev lo")[0]["addr_info"], "local", "10.1.1.1").is_null());
}

TEST_F(Network, ANeighbourIsReplacedAndRemoved) {
  auto lab = two_hosts();
  lab.hosts["left"].neighbours = {{"eth0", address("10.9.0.9"), "02:00:00:00:00:09"}};
  up(lab);
  change_left(lab, [](Host& left) { left.neighbours[0].mac = "02:00:00:00:00:0a"; });
  const auto seen = find(ip("left", "neigh show dev eth0"), "dst", "10.9.0.9");
  EXPECT_EQ(seen["lladdr"], "02:00:00:00:00:0a");
  EXPECT_EQ(seen["state"][0], "PERMANENT");
  change_left(lab, [](Host& left) { left.neighbours.clear(); });
  EXPECT_TRUE(find(ip("left", "neigh show dev eth0"), "dst", "10.9.0.9").is_null());
}

TEST_F(Network, ARouteOutlivesTheLinkThatWasMadeAnewUnderIt) {
  auto lab = two_hosts();
  lab.hosts["left"].links[0].mtu = 1400;
  lab.hosts["left"].routes = {
      {.destination = prefix("0.0.0.0/0"), .next_hops = {{.via = address("10.9.0.2")}}}};
  up(lab);
  change_left(lab, [](Host& left) { left.links[0].mtu = 0; });
  EXPECT_EQ(ip("left", "link show dev eth0")[0]["mtu"], 1500);
  EXPECT_EQ(ip("left", "route show default")[0]["gateway"], "10.9.0.2");
  EXPECT_EQ(ip("right", "addr show dev eth0")[0]["addr_info"][0]["local"], "10.9.0.2");
}

std::string sysctl(const sys::Netns& netns, const std::string& key) {
  auto text = fixtures::run_in(netns, {"/sbin/sysctl", "-n", key});
  return text.substr(0, text.find('\n'));
}

TEST_F(Network, SysctlsReadBackAsAskedFor) {
  auto lab = two_hosts();
  lab.hosts["left"].sysctls = {{"net.ipv4.ip_forward", "1"},
                               {"net.ipv4.conf.all.rp_filter", "2"},
                               {"net.ipv4.conf.default.arp_ignore", "1"},
                               {"net.ipv4.conf.eth0.arp_announce", "2"},
                               {"net.ipv4.conf.eth0.proxy_arp", "1"},
                               {"net.ipv4.conf.eth0.route_localnet", "1"},
                               {"net.ipv4.conf.lo.rp_filter", "1"},
                               {"net.ipv4.ip_local_port_range", "1024 65000"},
                               {"-net.bridge.no_such_key", "1"}};
  up(lab);
  const auto& left = kernel_->netns("left");
  EXPECT_EQ(sysctl(left, "net.ipv4.ip_forward"), "1");
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.all.rp_filter"), "2");
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.eth0.arp_ignore"), "1") << "a link made later takes `default`";
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.eth0.arp_announce"), "2");
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.eth0.proxy_arp"), "1");
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.eth0.route_localnet"), "1");
  EXPECT_EQ(sysctl(left, "net.ipv4.conf.lo.rp_filter"), "1");
  EXPECT_EQ(sysctl(left, "net.ipv4.ip_local_port_range"), "1024\t65000");
}

TEST_F(Network, ASysctlNoLongerAskedForIsAsInANewNamespace) {
  auto lab = two_hosts();
  up(lab);
  const auto forward = sysctl(kernel_->netns("left"), "net.ipv4.ip_forward");
  const auto other = forward == "0" ? "1" : "0";
  change_left(lab, [&](Host& left) { left.sysctls["net.ipv4.ip_forward"] = other; });
  EXPECT_EQ(sysctl(kernel_->netns("left"), "net.ipv4.ip_forward"), other);
  change_left(lab, [](Host& left) { left.sysctls.clear(); });
  EXPECT_EQ(sysctl(kernel_->netns("left"), "net.ipv4.ip_forward"), forward);
}

TEST_F(Network, ASysctlOfTheWholeMachineIsRefused) {
  Lab lab;
  add_host(lab, "left").sysctls = {{"kernel.pid_max", "32768"}};
  try {
    up(lab);
    FAIL() << "a lab changed the machine";
  } catch (const apply::ApplyError& error) {
    EXPECT_EQ(error.code().value(), EPERM) << error.what();
  }
}

TEST_F(Network, ARulesetReplacesTheOneBeforeInOneTransaction) {
  Lab lab;
  add_host(lab, "left").nftables =
      "table ip overlay {\n  chain post {\n    type nat hook postrouting priority srcnat;\n"
      "    ip saddr 172.16.0.0/16 masquerade\n  }\n}\n";
  up(lab);
  auto ruleset = [&] { return fixtures::run_in(kernel_->netns("left"), {"nft", "list", "ruleset"}); };
  EXPECT_NE(ruleset().find("ip saddr 172.16.0.0/16 masquerade"), std::string::npos) << ruleset();
  change_left(lab, [](Host& left) { left.nftables = "table ip other {}\n"; });
  EXPECT_EQ(ruleset().find("overlay"), std::string::npos);
  EXPECT_NE(ruleset().find("table ip other"), std::string::npos);
  Lab wrong = lab;
  wrong.hosts["left"].nftables = "table ip third {\n  chain x { frobnicate }\n}\n";
  try {
    kernel_->apply(plan::compile(lab, wrong));
    FAIL() << "nft took nonsense";
  } catch (const apply::ApplyError& error) {
    EXPECT_NE(std::string(error.what()).find("syntax error"), std::string::npos) << error.what();
  }
  EXPECT_NE(ruleset().find("table ip other"), std::string::npos)
      << "a refused ruleset changed what was there";
  change_left(lab, [](Host& left) { left.nftables = ""; });
  EXPECT_EQ(ruleset(), "");
}

}  // namespace
}  // namespace lblab
