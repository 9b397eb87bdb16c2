#pragma once

#include <linux/rtnetlink.h>

#include <array>
#include <csignal>
#include <list>
#include <map>

#include "lab/nl/events.hpp"
#include "lab/nl/nexthop.hpp"
#include "lab/nl/route.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/program.hpp"

namespace lblab {

using nlohmann::json;
using Gateways = std::set<std::string>;

inline const std::string web = "10.1.1.0/24", web6 = "fd01:1::/64";
inline const std::string a = "10.0.0.105", b = "10.0.0.106", c = "10.0.0.107";

/// Of `web`: what the announcers take for themselves.
inline const std::string service = "10.1.1.5";
inline const std::string client = "10.2.0.2";

/// The router 10.0.0.110, a reflector .109 and announcers .105 to .107 on one network; a client behind the
/// router.
inline Lab network() {
  Lab lab;
  auto& fabric = add_host(lab, "fabric");
  fabric.links.push_back({.name = "br0", .kind = Bridge{}});
  for (const auto& [name, last] : std::map<std::string, std::string>{
           {"router", "110"}, {"reflector", "109"}, {"a", "105"}, {"b", "106"}, {"c", "107"}}) {
    fabric.links.push_back({.name = name, .kind = VethPeer{}, .master = "br0"});
    add_host(lab, name).links.push_back({.name = "eth0",
                                         .kind = Veth{"fabric", name},
                                         .addresses = {prefix(("10.0.0." + last + "/16").c_str()),
                                                       prefix(("fd00::" + last + "/64").c_str())}});
  }
  for (const auto* name : {"a", "b", "c"}) {
    lab.hosts[name].links.push_back(
        {.name = "lo", .kind = Loopback{}, .addresses = {prefix((service + "/32").c_str())}});
    lab.hosts[name].routes = {{prefix("10.2.0.0/24"), {{address("10.0.0.110")}}}};
  }
  auto& router = lab.hosts["router"];
  router.sysctls = {{"net.ipv4.ip_forward", "1"},
                    {"net.ipv4.fib_multipath_hash_policy", "3"},
                    {"net.ipv4.fib_multipath_hash_fields", "55"}};
  router.links.push_back(
      {.name = "eth1", .kind = Veth{"client", "eth0"}, .addresses = {prefix("10.2.0.1/24")}});
  auto& behind = add_host(lab, "client");
  behind.links.push_back(
      {.name = "eth0", .kind = VethPeer{}, .addresses = {prefix((client + "/24").c_str())}});
  behind.routes = {{prefix(web.c_str()), {{address("10.2.0.1")}}}};
  return lab;
}

/// The router's gobgpd: with a reflector that it connects to, or three announcers that connect to it.
inline const std::string global = R"(
global: {config: {as: 65021, router-id: 10.0.0.110, local-address-list: ["0.0.0.0"]},
         use-multiple-paths: {config: {enabled: true}}}
neighbors:)";
inline const std::string behind_reflector = global + R"(
  - config: {neighbor-address: 10.0.0.109, peer-as: 65021}
    timers: {config: {hold-time: 30, keepalive-interval: 10}}
    afi-safis:
      - {config: {afi-safi-name: ipv4-unicast}, add-paths: {config: {receive: true}}}
      - {config: {afi-safi-name: ipv6-unicast}, add-paths: {config: {receive: true}}}
)";
inline std::string beside_announcers() {
  std::string text = global;
  for (const auto& address : {a, b, c})
    text += "\n  - config: {neighbor-address: " + address + ", peer-as: 65021}" + R"(
    transport: {config: {passive-mode: true}}
    afi-safis: [{config: {afi-safi-name: ipv4-unicast}}, {config: {afi-safi-name: ipv6-unicast}}])";
  return text + "\n";
}
inline const std::string reflector = R"(
global: {config: {as: 65021, router-id: 10.0.0.109, local-address-list: ["0.0.0.0"]},
         use-multiple-paths: {config: {enabled: true}}}
peer-groups:
  - config: {peer-group-name: announcers, peer-as: 65021}
    afi-safis: [{config: {afi-safi-name: ipv4-unicast}}, {config: {afi-safi-name: ipv6-unicast}}]
    route-reflector: {config: {route-reflector-client: true, route-reflector-cluster-id: 10.0.0.109}}
dynamic-neighbors: [{config: {prefix: 10.0.0.104/29, peer-group: announcers}}]
neighbors:
  - config: {neighbor-address: 10.0.0.110, peer-as: 65021}
    transport: {config: {passive-mode: true}}
    route-reflector: {config: {route-reflector-client: true, route-reflector-cluster-id: 10.0.0.109}}
    afi-safis:
      - {config: {afi-safi-name: ipv4-unicast}, add-paths: {config: {send-max: 255}}}
      - {config: {afi-safi-name: ipv6-unicast}, add-paths: {config: {send-max: 255}}}
)";

/// bird, which announces with the next hops given: it connects at once and ends its sessions when killed.
inline std::string announcer(const std::string& own, const std::string& peer, const std::string& next_hop,
                             const std::string& next_hop6) {
  return "log stderr all; router id " + own +
         "; protocol device {}\n"
         "protocol static { ipv4; route " +
         web +
         " unreachable; }\n"
         "protocol static { ipv6; route " +
         web6 +
         " unreachable; }\n"
         "protocol bgp { local " +
         own + " as 65021; neighbor " + peer +
         " as 65021; direct; hold time 30; connect delay time 0; connect retry time 1; error wait time 1, "
         "2;\n"
         "  ipv4 { import none; export filter { bgp_next_hop = " +
         next_hop +
         "; accept; }; };\n"
         "  ipv6 { import none; export filter { bgp_next_hop = " +
         next_hop6 + "; accept; }; }; }\n";
}

class Fibd : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    std::string pattern = (std::filesystem::temp_directory_path() / "fibd-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    up(network());
  }
  void TearDown() override {
    if (HasFailure())
      for (const auto& program : programs_) std::cerr << program.story();
    programs_.clear();
    std::filesystem::remove_all(folder_);
    KernelTest::TearDown();
  }

  Program& start(const std::string& host, std::vector<std::string> argv) {
    return programs_.emplace_back(kernel_->netns(host), std::move(argv));
  }
  Program& fibd(std::vector<std::string> options = {}) {
    std::vector<std::string> argv{std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fibd"};
    argv.insert(argv.end(), options.begin(), options.end());
    return start("router", argv);
  }
  Program& gobgpd(const std::string& host, const std::string& config) {
    const std::string file = folder_ + "/" + host + ".yaml";
    sys::write_file(file, config);
    return start(host,
                 {"gobgpd", "-t", "yaml", "-f", file, "--api-hosts", "127.0.0.1:50051", "--pprof-disable"});
  }
  Program& announce(const std::string& host, const std::string& peer, std::string next_hop = "") {
    const std::string own = "10.0.0.10" + std::to_string(5 + host[0] - 'a');
    const std::string own6 = "fd00::10" + std::to_string(5 + host[0] - 'a');
    const std::string file = folder_ + "/" + host + ".conf";
    sys::write_file(file, announcer(own, peer, next_hop.empty() ? own : next_hop, own6));
    return start(host, {"bird", "-f", "-c", file, "-s", folder_ + "/" + host + ".ctl"});
  }

  /// Waits for an event that has these members.
  void until_event(Program& fibd, const json& wanted) {
    fibd.until(wanted.dump(), [&](const std::string& line) {
      const json event = note(fibd, line);
      for (const auto& [key, value] : wanted.items())
        if (event.value(key, json()) != value) return false;
      return true;
    });
  }
  /// Waits until fibd has told that the prefix's route is this, and nothing else since.
  void until_route(Program& fibd, const std::string& prefix, const Gateways& gateways) {
    auto& told = told_[&fibd][prefix];
    if (told == gateways) return;
    fibd.until(prefix + " via " + json(gateways).dump(), [&](const std::string& line) {
      note(fibd, line);
      return told == gateways;
    });
  }
  json note(Program& fibd, const std::string& line) {
    json event = json::parse(line, nullptr, false);
    if (!event.is_object()) return json::object();  // a complaint on stderr
    if (event["event"] == "route") told_[&fibd][event["prefix"]] = event["next-hops"].get<Gateways>();
    return event;
  }

  /// The gateways of the router's BGP route as `ip` shows it; none: there is no such route.
  Gateways gateways(const std::string& prefix) {
    const bool v6 = prefix.find(':') != std::string::npos;
    const json routes = ip("router", (v6 ? "-6 route show proto bgp " : "route show proto bgp ") + prefix);
    Gateways found;
    for (const auto& route : routes) {
      if (route.contains("gateway")) found.insert(route["gateway"].get<std::string>());
      for (const auto& hop : route.value("nexthops", json::array()))
        found.insert(hop["gateway"].get<std::string>());
    }
    return found;
  }
  std::size_t nexthop_objects() {
    const json objects = ip("router", "nexthop show");
    return static_cast<std::size_t>(
        std::ranges::count_if(objects, [](const json& object) { return object["protocol"] == "bgp"; }));
  }

  std::string folder_;
  std::list<Program> programs_;
  std::map<Program*, std::map<std::string, Gateways>> told_;
};

/// What the kernel tells of the router's routes and nexthop objects, from when this is made. Its own routes
/// are passed over: some come when an IPv6 address has shown to be nobody else's, a second or two after its
/// link.
class RouteEvents {
 public:
  explicit RouteEvents(const sys::Netns& inside) : socket_(inside, heard) {}

  /// "new route 10.1.1.0/24", "del nexthop 10001", …; since the last call.
  std::vector<std::string> read() {
    std::vector<std::string> events;
    const auto outcome = socket_.read([&](const nlmsghdr& head) {
      const bool removed = head.nlmsg_type == RTM_DELROUTE || head.nlmsg_type == RTM_DELNEXTHOP;
      const std::string verb = removed ? "del " : "new ";
      if (const auto route = nl::parse_route(head); route && route->protocol != RTPROT_KERNEL)
        events.push_back(verb + "route " + route->destination.str());
      if (const auto object = nl::parse_nexthop(head))
        events.push_back(verb + "nexthop " + std::to_string(object->id));
    });
    if (outcome == nl::EventSocket::Read::overrun) throw std::runtime_error("route events were lost");
    return events;
  }

  /// Waits until there is such an event, and returns those before it.
  std::vector<std::string> until(const std::string& wanted) {
    std::vector<std::string> before;
    const auto deadline = std::chrono::steady_clock::now() + Program::patience;
    while (std::chrono::steady_clock::now() < deadline) {
      pollfd readable{socket_.fd().get(), POLLIN, 0};
      ::poll(&readable, 1, 1'000);
      for (auto& event : read()) {
        if (event == wanted) return before;
        before.push_back(std::move(event));
      }
    }
    throw std::runtime_error("no event \"" + wanted + "\"");
  }

 private:
  static constexpr std::array<unsigned, 3> heard{RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP};
  nl::EventSocket socket_;
};

}  // namespace lblab
