#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

class Links : public KernelTest {};

TEST_F(Links, BothEndsOfAVethAreUpAndCarryPackets) {
  up(two_hosts());
  for (const auto* host : {"left", "right"}) {
    const auto link = ip(host, "link show dev eth0")[0];
    EXPECT_EQ(link["operstate"], "UP") << host;
    EXPECT_EQ(ip(host, "link show dev lo")[0]["flags"][1], "UP") << host;
  }
  EXPECT_NO_THROW(run("left", {"busybox", "ping", "-c1", "-W2", "10.9.0.2"}));
}

TEST_F(Links, ALinkWithoutIpv6AddressMakesItselfNone) {
  auto lab = two_hosts();
  lab.hosts["right"].links[0].addresses.push_back(prefix("2001:db8::2/64"));
  up(lab);
  EXPECT_EQ(ip("left", "-6 addr show dev eth0").size(), 0u);
  const auto addresses = ip("right", "-6 addr show dev eth0")[0]["addr_info"];
  EXPECT_EQ(find(addresses, "local", "2001:db8::2")["prefixlen"], 64);
  EXPECT_FALSE(find(addresses, "local", "2001:db8::2").contains("tentative"))
      << "waits for duplicate address detection";
  EXPECT_FALSE(find(addresses, "scope", "link").is_null())
      << "IPv6 is wanted here, so a link-local address is too";
}

TEST_F(Links, ABridgeJoinsItsPortsWithoutStpAndSnooping) {
  Lab lab;
  auto& fabric = add_host(lab, "fabric");
  fabric.links = {{.name = "p1", .kind = Veth{"a", "eth0"}, .master = "lan", .alias = "a:eth0"},
                  {.name = "p2", .kind = Veth{"b", "eth0"}, .master = "lan"},
                  {.name = "lan", .kind = Bridge{}}};
  add_host(lab, "a").links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.1/24")}}};
  add_host(lab, "b").links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.2/24")}}};
  up(lab);
  const auto bridge = ip("fabric", "-d link show dev lan")[0];
  EXPECT_EQ(bridge["operstate"], "UP");
  EXPECT_EQ(bridge["linkinfo"]["info_data"]["stp_state"], 0);
  EXPECT_EQ(bridge["linkinfo"]["info_data"]["mcast_snooping"], 0);
  const auto port = ip("fabric", "link show dev p1")[0];
  EXPECT_EQ(port["master"], "lan");
  EXPECT_EQ(port["ifalias"], "a:eth0") << port.dump();
  EXPECT_NO_THROW(run("a", {"busybox", "ping", "-c1", "-W2", "10.9.0.2"}));
}

TEST_F(Links, AFabricThatHasNoIpv6RaisesItsPortsAsItMakesThem) {
  Lab lab;
  auto& fabric = add_host(lab, "fabric");
  fabric.sysctls = {{"net.ipv6.conf.all.disable_ipv6", "1"}};
  fabric.links = {{.name = "lan", .kind = Bridge{}},
                  {.name = "p1", .kind = Veth{"a", "eth0"}, .master = "lan"}};
  add_host(lab, "a").links = {{.name = "eth0", .kind = VethPeer{}}};
  up(lab);
  EXPECT_EQ(ip("fabric", "link show dev p1")[0]["operstate"], "UP");
  EXPECT_EQ(ip("fabric", "-6 addr").size(), 0u);
}

TEST_F(Links, TheFarEndIsConfiguredByItsOwnHost) {
  auto lab = two_hosts();
  auto& link = lab.hosts["right"].links[0];
  link.mtu = 1400;
  link.mac = "02:00:00:00:00:42";
  link.alias = "to left";
  link.master = "br0";
  lab.hosts["right"].links.push_back({.name = "br0", .kind = Bridge{}, .mtu = 1400});
  up(lab);
  const auto seen = ip("right", "link show dev eth0")[0];
  EXPECT_EQ(seen["mtu"], 1400);
  EXPECT_EQ(seen["address"], "02:00:00:00:00:42");
  EXPECT_EQ(seen["ifalias"], "to left");
  EXPECT_EQ(seen["master"], "br0");
}

TEST_F(Links, AVxlanHasItsUnderlayAndLearnsNothing) {
  auto lab = two_hosts();
  lab.hosts["left"].links.push_back({.name = "vx1",
                                     .kind = Vxlan{7, address("10.9.0.1"), "eth0", 4790},
                                     .mtu = 1450,
                                     .addresses = {prefix("172.16.1.0/32")}});
  lab.hosts["left"].neighbours = {{"vx1", address("172.16.2.0"), "02:00:00:00:00:02"},
                                  {"vx1", address("10.9.0.2"), "02:00:00:00:00:02", true}};
  up(lab);
  const auto link = ip("left", "-d link show dev vx1")[0];
  EXPECT_EQ(link["mtu"], 1450);
  const auto data = link["linkinfo"]["info_data"];
  EXPECT_EQ(data["id"], 7);
  EXPECT_EQ(data["local"], "10.9.0.1");
  EXPECT_EQ(data["link"], "eth0");
  EXPECT_EQ(data["port"], 4790);
  EXPECT_EQ(data["learning"], false);
  const auto neighbour = find(ip("left", "neigh show dev vx1"), "dst", "172.16.2.0");
  EXPECT_EQ(neighbour["lladdr"], "02:00:00:00:00:02");
  EXPECT_EQ(neighbour["state"][0], "PERMANENT");
  const auto entries = nlohmann::json::parse(
      fixtures::run_in(kernel_->netns("left"), {"bridge", "-j", "fdb", "show", "dev", "vx1"}));
  EXPECT_EQ(find(entries, "mac", "02:00:00:00:00:02")["dst"], "10.9.0.2");
}

TEST_F(Links, ATunDeviceIsThereForWhoeverOpensIt) {
  Lab lab;
  add_host(lab, "a").links = {
      {.name = "tun0", .kind = Tun{}, .mtu = 1472, .addresses = {prefix("172.16.0.1/16")}}};
  up(lab);
  const auto link = ip("a", "-d link show dev tun0")[0];
  EXPECT_EQ(link["linkinfo"]["info_kind"], "tun");
  EXPECT_EQ(link["linkinfo"]["info_data"]["type"], "tun");
  EXPECT_EQ(link["linkinfo"]["info_data"]["persist"], true);
  EXPECT_EQ(link["mtu"], 1472);
}

TEST_F(Links, AnIpipTunnelIsMadeOrTheKernelSaysThatItHasNone) {
  Lab lab;
  add_host(lab, "a").links = {{.name = "tunl7", .kind = Ipip{address("10.9.0.1"), address("10.9.0.2")}}};
  try {
    up(lab);
  } catch (const apply::ApplyError& error) {
    EXPECT_EQ(error.code().value(), EOPNOTSUPP) << error.what();
    EXPECT_THROW(fixtures::ip(kernel_->netns("a"), "link add t type ipip local 10.9.0.1 remote 10.9.0.2"),
                 std::runtime_error)
        << "ip(8) makes one, so the kernel has it";
    return;
  }
  const auto data = ip("a", "-d link show dev tunl7")[0]["linkinfo"];
  EXPECT_EQ(data["info_kind"], "ipip");
  EXPECT_EQ(data["info_data"]["local"], "10.9.0.1");
  EXPECT_EQ(data["info_data"]["remote"], "10.9.0.2");
}

TEST_F(Links, RemovingSeveralTakesTheOtherEndsToo) {
  Lab have;
  auto& fabric = add_host(have, "fabric");
  fabric.links = {{.name = "lan", .kind = Bridge{}}};
  for (const auto* name : {"a", "b", "c"}) {
    fabric.links.push_back({.name = std::string("p") + name, .kind = Veth{name, "eth0"}, .master = "lan"});
    add_host(have, name).links = {{.name = "eth0", .kind = VethPeer{}}};
  }
  up(have);
  Lab want = have;
  want.hosts["fabric"].links.resize(2);
  want.hosts["b"].links.clear();
  want.hosts.erase("c");
  kernel_->apply(plan::compile(have, want));
  EXPECT_FALSE(find(ip("fabric", "link"), "ifname", "pa").is_null());
  EXPECT_TRUE(find(ip("fabric", "link"), "ifname", "pb").is_null());
  EXPECT_TRUE(find(ip("fabric", "link"), "ifname", "pc").is_null());
  EXPECT_TRUE(find(ip("b", "link"), "ifname", "eth0").is_null());
  kernel_->apply(plan::compile(want, have));
  EXPECT_EQ(ip("c", "link show dev eth0")[0]["operstate"], "UP");
}

TEST_F(Links, DownAtTheSwitchEndIsCarrierLostAtTheHost) {
  up(two_hosts());
  kernel_->apply(std::vector<plan::Op>{plan::SetLink{"left", "eth0", false}});
  const auto flags = ip("right", "link show dev eth0")[0]["flags"];
  EXPECT_NE(std::find(flags.begin(), flags.end(), "NO-CARRIER"), flags.end()) << flags;
  EXPECT_EQ(find(ip("right", "addr show dev eth0")[0]["addr_info"], "local", "10.9.0.2")["prefixlen"], 24);
}

TEST_F(Links, AFailureNamesItsOpAndTheKernelsReason) {
  Lab lab;
  add_host(lab, "a").links = {{.name = "vx1", .kind = Vxlan{1 << 24, address("10.9.0.1"), "lo", 4789}}};
  try {
    up(lab);
    FAIL() << "a vxlan id of 25 bits was taken";
  } catch (const apply::ApplyError& error) {
    const auto plan = plan::compile({}, lab);
    EXPECT_TRUE(std::holds_alternative<plan::AddLink>(plan[error.index()])) << error.what();
    EXPECT_EQ(error.code().value(), ERANGE);
    EXPECT_NE(std::string(error.what()).find("a: add link vx1"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lblab
