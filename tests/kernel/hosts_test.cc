#include <sys/stat.h>

#include <fstream>

#include "lab/sys/process.hpp"
#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

class Hosts : public KernelTest {
 protected:
  std::string shell(const std::string& host, const std::string& script) {
    return run(host, {"sh", "-c", script});
  }
};

TEST_F(Hosts, ANamedHostIsOneOfIpNetns) {
  auto lab = two_hosts();
  lab.hosts["right"].named = false;
  up(lab);
  const auto here = sys::Netns::current();
  EXPECT_FALSE(find(fixtures::ip(here, "netns list"), "name", lab_ + ".left").is_null());
  EXPECT_TRUE(find(fixtures::ip(here, "netns list"), "name", lab_ + ".right").is_null());
  const auto inside = fixtures::run_in(
      here, {"ip", "netns", "exec", lab_ + ".left", "ip", "-j", "addr", "show", "dev", "eth0"});
  EXPECT_EQ(nlohmann::json::parse(inside)[0]["addr_info"][0]["local"], "10.9.0.1");
  kernel_->apply(plan::compile(lab, {}));
  EXPECT_TRUE(find(fixtures::ip(here, "netns list"), "name", lab_ + ".left").is_null());
}

TEST_F(Hosts, ANameThatIsTakenIsNotTakenAway) {
  Lab lab;
  add_host(lab, "left");
  up(lab);
  const std::string other_state = state_ + "/other";
  std::filesystem::create_directory(other_state);
  apply::LinuxKernel other{{.lab = lab_, .state = other_state}, processes_};
  EXPECT_THROW(apply::change({}, lab, other), apply::ApplyError);
  EXPECT_FALSE(find(fixtures::ip(sys::Netns::current(), "netns list"), "name", lab_ + ".left").is_null());
  EXPECT_NO_THROW(ip("left", "link"));
  EXPECT_TRUE(std::filesystem::is_empty(other_state));
  std::filesystem::remove(other_state);
}

TEST_F(Hosts, FilesOfTwoHostsDoNotMeet) {
  auto lab = two_hosts();
  for (auto& [name, host] : lab.hosts)
    host.files = {{"/run/lbd/lbd.yaml", "I am " + name + "\n"}, {"/tmp/x", name}, {"/var/log/y", name, 0600}};
  up(lab);
  EXPECT_EQ(shell("left", "cat /run/lbd/lbd.yaml /tmp/x /var/log/y"), "I am left\nleftleft");
  EXPECT_EQ(shell("right", "cat /run/lbd/lbd.yaml /tmp/x /var/log/y"), "I am right\nrightright");
  EXPECT_EQ(shell("left", "stat -c %a /var/log/y /tmp"), "600\n1777\n");
  EXPECT_FALSE(std::filesystem::exists("/run/lbd/lbd.yaml"));
  shell("left", "echo mine > /tmp/made; echo mine > /run/made");
  EXPECT_FALSE(std::filesystem::exists("/tmp/made"));
  EXPECT_EQ(shell("right", "ls /tmp"), "x\n");
}

TEST_F(Hosts, AFileIsReplacedByOneThatWasWrittenAside) {
  Lab have;
  add_host(have, "left").files = {{"/run/lbd/endpoints/web.json", "{}"}};
  up(have);
  const auto inode = shell("left", "stat -c %i /run/lbd/endpoints/web.json");
  Lab want = have;
  want.hosts["left"].files[0].text = "{\"a\":1}";
  kernel_->apply(plan::compile(have, want));
  EXPECT_EQ(shell("left", "cat /run/lbd/endpoints/web.json"), "{\"a\":1}");
  EXPECT_NE(shell("left", "stat -c %i /run/lbd/endpoints/web.json"), inode)
      << "written in place: a reader may see half";
  kernel_->apply(plan::compile(want, Lab{.hosts = {{"left", Host{.name = "left"}}}}));
  EXPECT_EQ(shell("left", "ls /run/lbd/endpoints"), "");
}

TEST_F(Hosts, AFileOutsideTheHostsOwnFoldersIsRefused) {
  for (const auto* path : {"/etc/passwd", "/run/../etc/passwd", "/run", "/runx/y", "relative"}) {
    Lab lab;
    add_host(lab, "left").files = {{path, "x"}};
    EXPECT_THROW(apply::change({}, lab, *kernel_), apply::ApplyError) << path;
  }
}

TEST_F(Hosts, ToolsSeeTheHostsOwnNameNetworkAndNeighbours) {
  auto lab = two_hosts();
  add_host(lab, "without-address");
  up(lab);
  EXPECT_EQ(shell("left", "hostname"), "left\n");
  EXPECT_EQ(shell("left", "ls /sys/class/net"), "eth0\nlo\n");
  EXPECT_NE(shell("left", "cat /proc/net/dev").find("eth0"), std::string::npos);
  EXPECT_EQ(shell("left", "getent hosts right"), "10.9.0.2        right\n");
  EXPECT_NE(shell("left", "getent ahosts localhost").find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(shell("left", "readlink /proc/self/ns/net"),
            fixtures::run_in(kernel_->netns("left"), {"readlink", "/proc/self/ns/net"}));
}

TEST_F(Hosts, NamesOfHostsThatComeLaterAreSeenByThoseThatAreThere) {
  auto have = two_hosts();
  up(have);
  EXPECT_EQ(shell("left", "getent hosts third || echo none"), "none\n");
  auto want = have;
  add_host(want, "third").links = {{.name = "br0", .kind = Bridge{}, .addresses = {prefix("10.9.3.1/24")}}};
  kernel_->apply(plan::compile(have, want));
  EXPECT_EQ(shell("left", "getent hosts third"), "10.9.3.1        third\n");
  kernel_->apply(plan::compile(want, have));
  EXPECT_EQ(shell("left", "getent hosts third || echo none"), "none\n");
}

TEST_F(Hosts, MountsOfAHostDoNotShowOnTheMachine) {
  Lab lab;
  add_host(lab, "left");
  up(lab);
  const auto before = sys::read_file("/proc/self/mountinfo");
  shell("left", "mount -t tmpfs none /mnt && mountpoint -q /mnt");
  EXPECT_EQ(sys::read_file("/proc/self/mountinfo").find(" /mnt "), before.find(" /mnt "));
  EXPECT_EQ(sys::read_file("/proc/self/mountinfo").find(state_), std::string::npos);
}

TEST_F(Hosts, AMountNamespaceIsMadeOnlyForWhoNeedsIt) {
  up(two_hosts());
  EXPECT_FALSE(std::filesystem::exists(state_ + "/hosts/left/run"));
  run("left", {"true"});
  EXPECT_TRUE(std::filesystem::exists(state_ + "/hosts/left/run"));
  EXPECT_FALSE(std::filesystem::exists(state_ + "/hosts/right/run"));
}

TEST_F(Hosts, ProgramsBelowAPrivateFolderStayInSight) {
  const std::string programs = state_ + "/programs";  // state_ is below /tmp
  std::filesystem::create_directory(programs);
  std::ofstream(programs + "/hello") << "#!/bin/sh\necho hello\n";
  ::chmod((programs + "/hello").c_str(), 0755);
  {
    auto with = settings();
    with.programs = programs;
    apply::LinuxKernel kernel{with, processes_};
    Lab lab;
    add_host(lab, "left").named = false;
    kernel.apply(plan::compile({}, lab));
    EXPECT_EQ(fixtures::run_in(kernel.namespaces("left"), {programs + "/hello"}), "hello\n");
  }
  std::filesystem::remove_all(programs);
}

TEST_F(Hosts, WhatACrashLeavesIsClearedAway) {
  // The namespaces and processes of a crashed lab are gone with it; the names and files it made are what this
  // leaves behind.
  Lab lab;
  add_host(lab, "left").files = {{"/run/x", "x"}};
  const auto crashed_lab = lab_ + "-crashed";
  {
    const auto lost = std::make_unique<apply::HeldProcesses>();
    auto* crashed = new apply::LinuxKernel{{.lab = crashed_lab, .state = state_}, *lost};
    crashed->apply(plan::compile({}, lab));
    const auto before = fixtures::ip(sys::Netns::current(), "netns list");
    ASSERT_FALSE(find(before, "name", crashed_lab + ".left").is_null());
    apply::LinuxKernel::clear({.lab = crashed_lab, .state = state_});
    apply::LinuxKernel::clear({.lab = crashed_lab, .state = state_});
    EXPECT_TRUE(
        find(fixtures::ip(sys::Netns::current(), "netns list"), "name", crashed_lab + ".left").is_null());
    EXPECT_FALSE(std::filesystem::exists(state_ + "/hosts"));
    delete crashed;
  }
}

}  // namespace
}  // namespace lblab
