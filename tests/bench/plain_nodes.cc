#include "tests/bench/plain_nodes.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fixtures/ip_oracle.hpp"
#include "lab/apply/linux_kernel.hpp"
#include "lab/plan/compile.hpp"
#include "lab/sys/error.hpp"

namespace lblab::bench {

namespace {

using model::Address;
using model::Prefix;
using nlohmann::json;

std::string node_name(int n) { return "n" + std::to_string(n); }

Prefix node_address(int n) {
  return {Address::parse("10.77.0.1").value() + static_cast<std::uint64_t>(n), 16};
}

constexpr const char* gateway = "10.77.0.1";

std::chrono::duration<double> cpu_time() {
  std::chrono::duration<double> sum{};
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    for (const timeval& t : {usage.ru_utime, usage.ru_stime})
      sum += std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  }
  return sum;
}

template <class F>
Cost measure(F&& work) {
  const auto wall = std::chrono::steady_clock::now();
  const auto cpu = cpu_time();
  work();
  return {cpu_time() - cpu, std::chrono::steady_clock::now() - wall};
}

class ByPlan : public PlainNodes {
 public:
  ByPlan(int nodes, bool named, const std::string& folder)
      : lab_(plain_lab(nodes, named)),
        kernel_({.lab = "bench-plan-" + std::to_string(::getpid()), .state = folder}, processes_) {}

  Cost up() override {
    return measure([this] { apply::change({}, lab_, kernel_); });
  }
  Cost down() override {
    return measure([this] { apply::change(lab_, {}, kernel_); });
  }
  sys::Netns netns(const std::string& host) const override {
    return sys::Netns::open("/proc/self/fd/" + std::to_string(kernel_.netns(host).fd().get()));
  }

 private:
  model::Lab lab_;
  apply::HeldProcesses processes_;
  apply::LinuxKernel kernel_;
};

class ByIp : public PlainNodes {
 public:
  ByIp(int nodes, const std::string& folder, bool sysctls_for_free)
      : nodes_(nodes), folder_(folder), sysctls_for_free_(sysctls_for_free) {
    std::ofstream add{folder_ + "/add"}, del{folder_ + "/del"}, fabric{folder_ + "/fabric"},
        sysctls{folder_ + "/sysctls"};
    add << "netns add " << name("fabric") << '\n';
    del << "netns del " << name("fabric") << '\n';
    fabric << "link add lan type bridge stp_state 0 mcast_snooping 0\nlink set lo up\n";
    for (int n = 1; n <= nodes_; ++n) {
      add << "netns add " << name(node_name(n)) << '\n';
      del << "netns del " << name(node_name(n)) << '\n';
      sysctls << "netns exec " << name(node_name(n))
              << " /usr/sbin/sysctl -qw net.ipv4.conf.eth0.arp_notify=1\n";
      fabric << "link add p" << n
             << " up master lan numtxqueues 1 numrxqueues 1 type veth peer name eth0 numtxqueues 1 "
                "numrxqueues 1 netns "
             << name(node_name(n)) << '\n';
      std::ofstream(folder_ + "/" + node_name(n))
          << "link set eth0 addrgenmode none\nlink set lo up\naddr add " << node_address(n).str()
          << " dev eth0\nlink set eth0 up\nroute add default via " << gateway << " proto static\n";
    }
    fabric << "link set lan up\n";
  }
  ~ByIp() override {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove(entry);
  }

  Cost up() override {
    return measure([this] {
      ip({"-batch", folder_ + "/add"});
      set(netns("fabric"), "/proc/sys/net/ipv6/conf/all/disable_ipv6");
      ip({"-n", name("fabric"), "-batch", folder_ + "/fabric"});
      for (int n = 1; n <= nodes_; ++n) {
        ip({"-n", name(node_name(n)), "-batch", folder_ + "/" + node_name(n)});
        if (sysctls_for_free_) set(netns(node_name(n)), "/proc/sys/net/ipv4/conf/eth0/arp_notify");
      }
      if (!sysctls_for_free_) ip({"-batch", folder_ + "/sysctls"});
    });
  }
  Cost down() override {
    return measure([this] { ip({"-batch", folder_ + "/del"}); });
  }
  sys::Netns netns(const std::string& host) const override {
    return sys::Netns::open("/run/netns/" + name(host));
  }

 private:
  static std::string name(const std::string& host) {
    return "bench-ip-" + std::to_string(::getpid()) + "." + host;
  }

  static void ip(std::vector<std::string> argv) {
    argv.insert(argv.begin(), "/usr/sbin/ip");
    fixtures::run_in(std::vector<int>{}, argv);
  }

  static void set(const sys::Netns& netns, const char* path) {
    const sys::Fd file = netns.within([&] { return sys::open(path, O_WRONLY); });
    sys::check("write a sysctl", static_cast<int>(::write(file.get(), "1", 1)));
  }

  int nodes_;
  std::string folder_;
  bool sysctls_for_free_;
};

/// Without members that say nothing of what was asked for.
json plain(json element) {
  for (const auto* key : {"ifindex", "link_index", "link", "link_netnsid", "address", "operstate", "qdisc",
                          "stats", "parentbus"})
    element.erase(key);
  if (element.contains("flags")) {
    auto flags = json::array();
    for (const auto& flag : element["flags"])  // carrier arrives some time after the rest
      if (flag != "NO-CARRIER" && flag != "LOWER_UP") flags.push_back(flag);
    element["flags"] = flags;
  }
  if (element.contains("linkinfo")) {
    json info{{"kind", element["linkinfo"].value("info_kind", "")},
              {"slave", element["linkinfo"].value("info_slave_kind", "")}};
    if (info["kind"] == "bridge")
      for (const auto* key : {"stp_state", "mcast_snooping"})
        info[key] = element["linkinfo"]["info_data"][key];
    element["linkinfo"] = info;
  }
  return element;
}

/// By name: numbers of links differ, and so does their order.
json by_name(const json& list, const std::string& key) {
  json all = json::object();
  for (const auto& element : list) all[element[key].get<std::string>()].push_back(plain(element));
  return all;
}

}  // namespace

model::Lab plain_lab(int nodes, bool named) {
  using namespace model;
  Lab lab;
  auto& fabric = lab.hosts["fabric"];
  fabric.name = "fabric";
  fabric.named = named;
  fabric.sysctls = {{"net.ipv6.conf.all.disable_ipv6", "1"}};
  fabric.links = {{.name = "lan", .kind = Bridge{}}};
  for (int n = 1; n <= nodes; ++n) {
    fabric.links.push_back(
        {.name = "p" + std::to_string(n), .kind = Veth{node_name(n), "eth0"}, .master = "lan"});
    auto& node = lab.hosts[node_name(n)];
    node.name = node_name(n);
    node.named = named;
    node.links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {node_address(n)}}};
    node.routes = {
        {.destination = Prefix::parse("0.0.0.0/0").value(), .next_hops = {{.via = Address::parse(gateway)}}}};
    node.sysctls = {{"net.ipv4.conf.eth0.arp_notify", "1"}};
  }
  return lab;
}

std::unique_ptr<PlainNodes> by_plan(int nodes, bool named, const std::string& folder) {
  return std::make_unique<ByPlan>(nodes, named, folder);
}

std::unique_ptr<PlainNodes> by_ip(int nodes, const std::string& folder, bool sysctls_for_free) {
  return std::make_unique<ByIp>(nodes, folder, sysctls_for_free);
}

json seen(const PlainNodes& nodes, const std::string& host) {
  const auto netns = nodes.netns(host);
  return {
      {"links", by_name(fixtures::ip(netns, "-d link"), "ifname")},
      {"addresses", by_name(fixtures::ip(netns, "addr"), "ifname")},
      {"routes", by_name(fixtures::ip(netns, "route show table all"), "dst")},
      {"arp_notify",
       host == "fabric" ? "" : fixtures::run_in(netns, {"cat", "/proc/sys/net/ipv4/conf/eth0/arp_notify"})}};
}

}  // namespace lblab::bench
