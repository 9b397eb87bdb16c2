#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "fixtures/addresses.hpp"
#include "lab/plan/compile.hpp"
#include "tests/unit/plan_machine.hpp"

namespace lblab::plan {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;

template <class T>
T one_of(std::vector<T> values) {
  return *rc::gen::elementOf(std::move(values));
}
/// Three times of four, and once of four, whatever the size that a case is to have.
bool often() { return one_of<int>({0, 1, 1, 1}) == 1; }
bool seldom() { return one_of<int>({0, 0, 0, 1}) == 1; }

Link some_link(const std::string& name, LinkKind kind) {
  return {.name = name,
          .kind = std::move(kind),
          .alias = seldom() ? "an alias" : "",
          .mtu = one_of<int>({0, 0, 1400, 1450}),
          .mac = seldom() ? "02:00:00:00:00:01" : ""};
}

std::vector<Prefix> some_addresses(int subnet) {
  std::vector<Prefix> addresses;
  for (const int last : {1, 2})
    if (often())
      addresses.push_back(net("10.0." + std::to_string(subnet) + "." + std::to_string(last) + "/24"));
  if (seldom()) addresses.push_back(net("10.9." + std::to_string(subnet) + ".1/32"));
  return addresses;
}

/// What stands on the links that the host has.
void furnish(Host& host) {
  for (const auto& link : host.links)
    for (const auto& a : link.addresses) {
      if (a.length != 24) continue;
      const auto gateway = a.network().address + 9;
      if (seldom())
        host.routes.push_back(
            {.destination = {a.network().address + (1 << 20), 24}, .next_hops = {{.via = gateway}}});
      break;
    }
  for (const auto& link : host.links) {
    if (link.name == "lo") continue;
    const auto n = &link - host.links.data() + 1;
    if (seldom())
      host.routes.push_back(
          {.destination = net("172.16." + std::to_string(n) + ".0/24"), .next_hops = {{.link = link.name}}});
    if (seldom())
      host.neighbours.push_back(
          {link.name, ip("10.0.0.9"), one_of<std::string>({"02:00:00:00:00:09", "02:00:00:00:00:0a"})});
    if (seldom() && std::holds_alternative<Vxlan>(link.kind))
      host.neighbours.push_back(
          {link.name, ip(one_of<std::string>({"10.0.0.7", "10.0.0.8"})), "00:00:00:00:00:00", true});
    if (seldom() && link.name != "lan")
      host.sysctls["net.ipv4.conf." + link.name + ".rp_filter"] = one_of<std::string>({"0", "2"});
  }
  if (seldom())
    host.routes.push_back({.destination = net("10.1.1.0/24"),
                           .type = one_of(std::vector{Route::Type::local, Route::Type::blackhole})});
  if (seldom()) host.sysctls["net.ipv4.ip_forward"] = one_of<std::string>({"0", "1"});
  if (seldom()) host.nftables = one_of<std::string>({"table ip a {}", "table ip b {}"});
  for (const auto* path : {"/run/x", "/run/y"})
    if (seldom()) host.files.push_back({path, one_of<std::string>({"1", "2"})});
  for (const std::string name : {"first", "second", "third"}) {
    if (!seldom()) continue;
    Process process{.name = name, .argv = {name, one_of<std::string>({"-a", "-b"})}};
    for (const auto& earlier : host.processes) process.after.push_back(earlier.name);
    if (seldom()) process.reload_signal = 1, process.reload_files = {"/run/x"};
    host.processes.push_back(process);
  }
  if (*rc::gen::arbitrary<bool>()) std::reverse(host.processes.begin(), host.processes.end());
}

/// A switch and three hosts, any of which may be missing; each may have a link to the switch, made from
/// either end, and one to the next.
Lab some_lab() {
  Lab lab;
  auto present = [&](const std::string& name) { return lab.hosts.contains(name); };
  for (const std::string name : {"a", "b", "c", "fabric"})
    if (often()) lab.hosts[name] = {.name = name, .named = often()};
  if (present("fabric") && often()) lab.hosts["fabric"].links.push_back(some_link("lan", Bridge{}));
  const bool has_bridge = present("fabric") && !lab.hosts["fabric"].links.empty();
  int subnet = 0;
  for (const std::string name : {"a", "b", "c"}) {
    ++subnet;
    if (!present(name)) continue;
    auto& host = lab.hosts[name];
    if (present("fabric") && often()) {
      const bool from_the_switch = often();
      auto port = some_link("p" + name, VethPeer{});
      auto end = some_link("eth0", VethPeer{});
      port.feeds_xdp = seldom();
      end.feeds_xdp = seldom();
      if (from_the_switch)
        port.kind = Veth{name, "eth0"};
      else
        end.kind = Veth{"fabric", "p" + name};
      if (has_bridge && often()) port.master = "lan";
      end.addresses = some_addresses(subnet);
      if (seldom()) end.steering = {one_of<std::vector<int>>({{0}, {0, 1}})};
      host.links.push_back(end);
      lab.hosts["fabric"].links.push_back(port);
      if (seldom())
        host.links.push_back(some_link("vx", Vxlan{one_of<std::uint32_t>({1, 2}), ip("10.0.0.1"), "eth0"}));
    }
    if (seldom()) host.links.push_back({.name = "lo", .kind = Loopback{}, .addresses = {net("10.1.1.1/32")}});
    if (seldom()) host.links.push_back(some_link("tun0", Tun{}));
  }
  if (present("a") && present("b") && seldom()) {
    lab.hosts["a"].links.push_back(some_link("eth1", Veth{"b", "eth1"}));
    lab.hosts["b"].links.push_back(some_link("eth1", VethPeer{}));
    lab.hosts["b"].links.back().addresses = some_addresses(7);
  }
  for (auto& [name, host] : lab.hosts) {
    if (*rc::gen::arbitrary<bool>()) std::reverse(host.links.begin(), host.links.end());
    furnish(host);
  }
  return lab;
}

/// The machine as it should be, straight from the lab.
Machine ideal(const Lab& lab) {
  Machine machine;
  for (const auto& [name, host] : lab.hosts) {
    auto& made = machine.hosts[name];
    made.named = host.named;
    made.links["lo"].up = true;
    for (const auto& link : host.links) {
      auto& there = made.links[link.name];
      there.kind = link.kind;
      there.master = link.master;
      there.mac = link.mac;
      there.alias = link.alias;
      there.mtu = link.mtu;
      there.feeds_xdp = link.feeds_xdp;
      there.steering = link.steering;
      there.up = true;
      there.addresses = {link.addresses.begin(), link.addresses.end()};
    }
    for (const auto& route : host.routes) made.routes[{route.destination, route.table}] = route;
    for (const auto& n : host.neighbours) made.neighbours[{n.link, n.address, n.bridge_fdb ? n.mac : ""}] = n;
    made.sysctls = host.sysctls;
    made.nftables = host.nftables;
    for (const auto& file : host.files) made.files[file.path] = file;
    for (const auto& process : host.processes) made.processes[process.name] = process;
  }
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links)
      if (const auto* veth = std::get_if<Veth>(&link.kind)) {
        machine.hosts[name].links[link.name].other_end = {veth->peer_host, veth->peer_link};
        machine.hosts[veth->peer_host].links[veth->peer_link].other_end = {name, link.name};
      }
  return machine;
}

std::string story(const Plan& plan) {
  std::string text = "plan:\n";
  for (const auto& op : plan) text += "  " + describe(op) + "\n";
  return text;
}

RC_GTEST_PROP(PlanProperty, FromNothingAPlanMakesTheLabAndTakesItAway, ()) {
  const auto lab = some_lab();
  const auto up = compile({}, lab), down = compile(lab, {});
  RC_LOG() << story(up) << story(down);
  Machine machine;
  machine.apply(up);
  RC_ASSERT(machine.hosts == ideal(lab).hosts);
  machine.apply(down);
  RC_ASSERT(machine.hosts.empty());
}

RC_GTEST_PROP(PlanProperty, FromAnyLabAPlanMakesAnyOther, ()) {
  const auto have = some_lab(), want = some_lab();
  const auto plan = compile(have, want);
  RC_LOG() << story(compile({}, have)) << "\nand then\n" << story(plan);
  Machine machine = ideal(have);
  machine.apply(plan);
  for (const auto& [name, host] : ideal(want).hosts) RC_ASSERT(machine.hosts.at(name) == host);
  RC_ASSERT(machine.hosts == ideal(want).hosts);
}

RC_GTEST_PROP(PlanProperty, ALabIsItsOwnEnd, ()) {
  const auto lab = some_lab();
  RC_ASSERT(compile(lab, lab).empty());
}

RC_GTEST_PROP(PlanProperty, AChangeInsideOneHostTouchesNoOther, ()) {
  const auto have = some_lab();
  RC_PRE(!have.hosts.empty());
  const auto changed = (*rc::gen::elementOf(have.hosts)).first;
  Host other;
  furnish(other);
  auto want = have;
  want.hosts[changed].files = other.files;
  want.hosts[changed].processes = other.processes;
  want.hosts[changed].nftables = other.nftables;
  want.hosts[changed].sysctls = other.sysctls;
  for (const auto& op : compile(have, want)) RC_ASSERT(host_of(op) == changed);
}

}  // namespace
}  // namespace lblab::plan
