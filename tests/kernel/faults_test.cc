#include <sys/prctl.h>

#include <fstream>
#include <iostream>

#include "fixtures/faulty_kernel.hpp"
#include "fixtures/lab_under_test.hpp"
#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/namespace_watch.hpp"

namespace lblab {
namespace {

using namespace std::chrono_literals;

/// Registers every namespace that a kernel makes with a watch, also those of a span that failed.
class Watched : public apply::Kernel {
 public:
  Watched(apply::LinuxKernel& inner, NamespaceWatch& watch) : inner_(inner), watch_(watch) {}
  void apply(std::span<const plan::Op> ops, apply::Absent absent) override {
    std::exception_ptr failed;
    try {
      inner_.apply(ops, absent);
    } catch (...) {
      failed = std::current_exception();
    }
    for (const auto& op : ops)
      if (const auto* added = std::get_if<plan::AddHost>(&op); added && seen_.insert(added->host).second)
        try {
          watch_.add(inner_.netns(added->host));
          ++count_;
        } catch (const sys::SystemError&) {  // it was not made
          seen_.erase(added->host);
        }
    if (failed) std::rethrow_exception(failed);
  }
  std::size_t count() const { return count_; }

 private:
  apply::LinuxKernel& inner_;
  NamespaceWatch& watch_;
  std::set<std::string> seen_;
  std::size_t count_ = 0;
};

/// What a lab could leave on the machine, apart from namespaces.
struct Leftovers {
  std::set<std::string> descriptors, mounts, names, processes, files;
  bool operator==(const Leftovers&) const = default;
};

std::set<std::string> lines_with(const std::string& file, const std::vector<std::string>& words) {
  std::set<std::string> found;
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);)
    for (const auto& word : words)
      if (line.find(word) != std::string::npos) found.insert(line);
  return found;
}

/// Empty if it cannot be read, or is gone.
std::string read_if_possible(const std::filesystem::path& path) {
  std::ostringstream text;
  if (std::ifstream file{path}) text << file.rdbuf();
  return text.str();
}

/// The machine's own network.
std::string host_network() {
  std::string text;
  const auto here = sys::Netns::current();
  for (const auto* what : {"link", "addr", "route show table all", "rule"})
    text += fixtures::ip(here, what).dump();
  for (const auto* folder :
       {"/proc/sys/net/ipv4/conf/all", "/proc/sys/net/ipv4/conf/default", "/proc/sys/net/ipv6/conf/all"})
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      text += entry.path().string() + "=" + read_if_possible(entry.path());
  return text + sys::read_file("/proc/sys/net/ipv4/ip_forward");
}

/// The processes below one, and below those.
void add_descendants(const std::string& pid, std::set<std::string>& found) {
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + pid + "/task", gone)) {
    std::istringstream children{read_if_possible(thread.path() / "children")};
    for (std::string child; children >> child;)
      if (found.insert(child + " " + read_if_possible("/proc/" + child + "/comm")).second)
        add_descendants(child, found);
  }
}

Leftovers leftovers(const std::string& state, const std::string& lab) {
  Leftovers now;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    now.descriptors.insert(entry.path().filename().string() + " → " +
                           std::filesystem::read_symlink(entry, gone).string());
  }
  std::erase_if(now.descriptors,
                [](const auto& d) { return d.find("/fd") != std::string::npos; });  // the listing's own
  now.mounts = lines_with("/proc/self/mountinfo", {state, lab});
  if (std::filesystem::exists("/run/netns"))
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns"))
      if (entry.path().filename().string().starts_with(lab + ".")) now.names.insert(entry.path());
  sys::reap_strangers();
  add_descendants("self", now.processes);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(state))
    now.files.insert(entry.path());
  return now;
}

class Faults : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    sys::check("adopt orphans", ::prctl(PR_SET_CHILD_SUBREAPER, 1));  // so that none is out of sight
  }
  void TearDown() override {
    KernelTest::TearDown();
    sys::reap_strangers();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  static Process sleeper(const std::string& name) {
    return {.name = name, .argv = {"sh", "-c", "setsid sleep 86400 & exec sleep 86400"}};
  }

  /// Brings the lab up once for each op of its plan, which then fails. Returns how often that was.
  std::size_t fail_at_every_op(const Lab& lab) {
    const auto plan = plan::compile({}, lab);
    NamespaceWatch watch;
    const auto before = leftovers(state_, lab_);
    const auto network_before = host_network();
    std::size_t made = 0;
    for (std::size_t k = 1; k <= plan.size(); ++k) {
      Watched watched{*kernel_, watch};
      fixtures::FaultyKernel faulty{watched, k - 1, ENOMEM};
      try {
        apply::change({}, lab, faulty);
        ADD_FAILURE() << "op " << k << " did not fail";
      } catch (const apply::ApplyError& error) {
        EXPECT_EQ(error.index() + 1, k);
        EXPECT_EQ(error.code().value(), ENOMEM);
      }
      EXPECT_EQ(watched.count(), std::min<std::size_t>(k - 1, lab.hosts.size()));
      made += watched.count();
      const auto after = leftovers(state_, lab_);
      EXPECT_EQ(after.descriptors, before.descriptors);
      EXPECT_EQ(after.mounts, before.mounts);
      EXPECT_EQ(after.names, before.names);
      EXPECT_EQ(after.processes, before.processes);
      EXPECT_EQ(after.files, before.files);
      if (HasFailure()) {
        ADD_FAILURE() << "with op " << k << " failing: " << plan::describe(plan[k - 1]);
        return k;
      }
    }
    EXPECT_EQ(host_network(), network_before);
    // They are taken apart in the background: waited for once, not each time.
    EXPECT_TRUE(watch.all_gone_within(60s)) << watch.alive() << " namespaces of " << made << " live on";
    std::cout << "namespaces made and gone again: " << made << "\n";
    return plan.size();
  }

  /// Every kind of op, on a few hosts.
  Lab small_lab() const {
    Lab lab;
    auto& fabric = add_host(lab, "fabric");
    fabric.sysctls = {{"net.ipv6.conf.all.disable_ipv6", "1"}};
    fabric.links = {{.name = "lan", .kind = Bridge{}}};
    for (int n = 1; n <= 3; ++n) {
      const auto name = "node" + std::to_string(n);
      fabric.links.push_back({.name = "p" + std::to_string(n),
                              .kind = Veth{name, "eth0"},
                              .master = "lan",
                              .alias = name + ":eth0"});
      auto& node = add_host(lab, name);
      node.named = n != 3;
      node.links = {{.name = "eth0",
                     .kind = VethPeer{},
                     .mtu = 1450,
                     .addresses = {{address("10.9.0.0") + static_cast<std::uint64_t>(n), 24}}}};
      node.routes = {{.destination = prefix("0.0.0.0/0"), .next_hops = {{.via = address("10.9.0.3")}}}};
      node.sysctls = {{"net.ipv4.conf.eth0.arp_notify", "1"}};
    }
    auto& node = lab.hosts["node1"];
    node.sysctls["net.ipv4.ip_forward"] = "1";
    node.sysctls["net.ipv4.ip_default_ttl"] = "99";
    node.links.push_back({.name = "vx1", .kind = Vxlan{1, address("10.9.0.1"), "eth0", 4789}});
    node.links.push_back({.name = "tun0", .kind = Tun{}});
    node.neighbours = {{"vx1", address("10.9.0.2"), "02:00:00:00:00:02", true},
                       {"eth0", address("10.9.0.9"), "02:00:00:00:00:09"}};
    node.nftables =
        "table ip overlay { chain post { type nat hook postrouting priority srcnat; masquerade\n }\n }\n";
    node.files = {{"/run/web/web.conf", "x"}};
    node.processes = {sleeper("web")};
    lab.hosts["node2"].processes = {sleeper("web"), sleeper("other")};
    return lab;
  }
};

/// The papers' cluster, every op of it: what of it needs IPVS (lbd) finds out only when it runs.
TEST_F(Faults, FailingAtAnyOpOfThePapersClusterLeavesNothing) {
  const std::string file = LBLAB_SOURCE_DIR "/topologies/ecmp.yaml";
  const auto programs = std::filesystem::path(LBLAB_PROGRAM).parent_path().string();
  auto settings = KernelTest::settings();
  settings.programs = programs;
  kernel_ = std::make_unique<apply::LinuxKernel>(settings, processes_);
  cluster::Placement placement;
  auto lab = cluster::expand(model::parse(sys::read_file(file)).cluster.value(), placement);
  for (auto& [name, host] : lab.hosts)
    for (auto& process : host.processes) process.environment["PATH"] = programs + ":" + sys::standard_path;

  const auto plan = plan::compile({}, lab);
  std::string described;
  for (std::size_t k = 1; k <= plan.size(); ++k)
    described += std::to_string(k) + "  " + plan::describe(plan[k - 1]) + "\n";
  const auto printed = fixtures::run_program({LBLAB_PROGRAM, "plan", file});
  ASSERT_EQ(printed.out, described) << printed.err;
  const auto size = static_cast<std::size_t>(std::ranges::count(printed.out, '\n'));

  const auto failed_at = fail_at_every_op(lab);
  std::cout << "ops that `lblab plan` prints: " << size << ", ops that were made to fail: " << failed_at
            << "\n";
  EXPECT_EQ(failed_at, size);
}

/// And every other kind of op, with processes that leave others behind.
TEST_F(Faults, FailingAtAnyOpOfBringingUpLeavesNothing) {
  const Lab lab = small_lab();
  EXPECT_EQ(fail_at_every_op(lab), plan::compile({}, lab).size());
}

/// A change of what runs goes back to what ran.
TEST_F(Faults, FailingAtAnyOpOfAChangeGoesBackToWhatWas) {
  const Lab have = small_lab();
  Lab want = have;
  want.hosts["fabric"].links.pop_back();
  want.hosts.erase("node3");
  want.hosts["node1"].links[0].addresses = {prefix("10.9.0.11/24")};
  want.hosts["node1"].links.pop_back();
  want.hosts["node1"].routes[0].next_hops[0].via = address("10.9.0.2");
  want.hosts["node1"].nftables = "";
  want.hosts["node1"].files[0].text = "y";
  want.hosts["node2"].processes.pop_back();
  auto& added = add_host(want, "node4");
  added.links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.4/24")}}};
  added.processes = {sleeper("web")};
  want.hosts["fabric"].links.push_back({.name = "p4", .kind = Veth{"node4", "eth0"}, .master = "lan"});
  kernel_->apply(plan::compile({}, have));
  auto picture = [&] {
    std::string text;
    for (const auto& [name, host] : have.hosts) {
      text += name + ":\n";
      for (const auto& link : ip(name, "addr")) {
        const auto& flags = link["flags"];
        text += link["ifname"].get<std::string>() + (std::ranges::count(flags, "UP") ? " up" : " down");
        for (const auto& address : link["addr_info"]) text += " " + address["local"].get<std::string>();
        text += '\n';
      }
      for (const auto& program :
           {"ip route", "ip neigh show nud permanent", "nft list ruleset", "bridge fdb show dev vx1"})
        text += fixtures::run_in(kernel_->netns(name), {"sh", "-c", program + std::string(" 2>&1 || true")});
      if (!host.processes.empty()) text += run(name, {"cat", "/proc/sys/net/ipv4/ip_default_ttl"});
    }
    return text + run("node1", {"cat", "/run/web/web.conf"});
  };
  const auto before = picture();
  const auto plan = plan::compile(have, want);
  for (std::size_t k = 0; k < plan.size(); ++k) {
    fixtures::FaultyKernel faulty{*kernel_, k, ENOMEM};
    ASSERT_THROW(apply::change(have, want, faulty), apply::ApplyError);
    ASSERT_EQ(picture(), before) << "after " << plan::describe(plan[k]);
    ASSERT_FALSE(std::filesystem::exists("/run/netns/" + lab_ + ".node4"));
  }
  apply::change(have, want, *kernel_);
  apply::change(want, have, *kernel_);
  EXPECT_EQ(picture(), before);
}

TEST_F(Faults, DownAfterUpLeavesNothing) {
  const Lab lab = small_lab();
  NamespaceWatch watch;
  const auto before = leftovers(state_, lab_);
  const auto network_before = host_network();
  Watched watched{*kernel_, watch};
  apply::change({}, lab, watched);
  EXPECT_EQ(watch.alive(), lab.hosts.size()) << "the watch sees nothing";
  EXPECT_GE(leftovers(state_, lab_).processes.size(), 3u) << "the search for processes finds nothing";
  apply::change(lab, {}, watched);
  const auto after = leftovers(state_, lab_);
  EXPECT_EQ(after.mounts, before.mounts);
  EXPECT_EQ(after.names, before.names);
  EXPECT_EQ(after.processes, before.processes);
  EXPECT_EQ(after.files, before.files);
  EXPECT_EQ(host_network(), network_before);
  EXPECT_TRUE(watch.all_gone_within(20s)) << watch.alive() << " namespaces live on";
}

}  // namespace
}  // namespace lblab
