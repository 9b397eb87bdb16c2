#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "lab/sys/error.hpp"
#include "lblab_process.hpp"

namespace lblab::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A folder that is removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/guest-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> guest_run(const std::vector<std::string>& options, const std::string& script) {
  std::vector<std::string> argv{lblab_program(), "guest", "run"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), {"--", "sh", "-c", script});
  return argv;
}

/// lblab, started with its output in a pipe.
struct Started {
  sys::Process process;
  sys::Fd out;
};

Started start(const std::vector<std::string>& argv) {
  auto [read, write] = sys::make_pipe();
  sys::Command command;
  command.argv = argv;
  command.environment = environment();
  command.out = write.get();
  command.err = STDERR_FILENO;
  command.die_with_parent = true;
  return {sys::spawn(command), std::move(read)};
}

TEST(GuestRun, PassesInputOutputErrorsAndStatusThrough) {
  std::string input(5'000'000, '\0');
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<char>(i * 31 + i / 1021);
  const auto seen = run(guest_run({}, "uname -r; sha256sum; echo to errors >&2; exit 7"), input);
  EXPECT_EQ(seen.code, 7);
  EXPECT_EQ(seen.err, "to errors\n");
  const auto own_sum = run({"sha256sum"}, input).out;
  EXPECT_THAT(seen.out, testing::MatchesRegex("6\\.1\\.0-[0-9]+-amd64\n" + own_sum));
}

TEST(GuestRun, OutputArrivesWholeThoughTheJobEndsAtOnce) {
  const auto seen = run(guest_run({}, "seq 300000; (sleep 1000 &); kill -KILL $$"));
  EXPECT_EQ(seen.code, 128 + SIGKILL) << seen.err;
  EXPECT_TRUE(seen.out == run({"seq", "300000"}).out) << seen.out.size() << " bytes came";
}

TEST(GuestRun, HasWhatTheHostLacks) {
  const auto seen = run(guest_run({}, R"(set -e
    ipvsadm -A -t 10.1.1.1:80 -s mh; ipvsadm -a -t 10.1.1.1:80 -r 172.16.1.2:80 -i; ipvsadm -Sn
    for kind in ipip dummy vxlan; do
      options=; [ $kind != vxlan ] || options='id 5 dstport 4789'
      [ $kind != ipip ] || options='local 192.0.2.1 remote 192.0.2.2'
      ip link add probe type $kind $options; ip link show probe | head -1 | cut -d: -f2; ip link del probe
    done
    tc qdisc add dev lo root netem delay 1ms; tc qdisc show dev lo
    nft add table inet probe; nft list tables
    ip tuntap add tap0 mode tap; unshare -Urn true; ip netns add probe; ip netns exec probe ip link set lo up)"));
  EXPECT_EQ(seen.code, 0) << seen.err;
  EXPECT_THAT(seen.out, HasSubstr("-A -t 10.1.1.1:80 -s mh\n-a -t 10.1.1.1:80 -r 172.16.1.2:80 -i -w 1"));
  EXPECT_THAT(seen.out, HasSubstr(" probe@NONE\n probe\n probe\n"));
  EXPECT_THAT(seen.out, HasSubstr("qdisc netem"));
  EXPECT_THAT(seen.out, HasSubstr("table inet probe"));
}

TEST(GuestRun, SeesTheHostsFilesReadOnlyAndMayWriteWhatIsShared) {
  const TemporaryFolder shown, shared;
  sys::write_file(shown.path() + "/file", "of the host\n");
  const auto script = "cat " + shown.path() + "/file; touch " + shown.path() +
                      "/made 2>&1; touch /etc/made 2>&1; " + "echo of the guest > " + shared.path() +
                      "/made; ls -A /tmp | wc -l; touch /tmp/x /run/x && echo own";
  const auto seen = run(guest_run({"--see", shown.path(), "--share", shared.path()}, script));
  EXPECT_EQ(seen.code, 0) << seen.err;
  EXPECT_THAT(seen.out, testing::StartsWith("of the host\n"));
  EXPECT_THAT(seen.out, HasSubstr("'" + shown.path() + "/made': Read-only file system"));
  EXPECT_THAT(seen.out, HasSubstr("'/etc/made': Read-only file system"));
  EXPECT_THAT(seen.out, testing::EndsWith("own\n"));
  EXPECT_EQ(sys::read_file(shared.path() + "/made"), "of the guest\n");
  EXPECT_FALSE(fs::exists(shown.path() + "/made"));
}

TEST(GuestRun, SignalsReachTheJob) {
  auto lblab = start(guest_run({}, R"(trap 'echo interrupted' INT; trap 'echo told to end; exit 3' TERM
    sleep 1000 & echo ready; while :; do wait; done)"));
  read_until(lblab.out.get(), "ready\n");
  lblab.process.signal(SIGINT);
  read_until(lblab.out.get(), "interrupted\n");
  lblab.process.signal(SIGTERM);
  read_until(lblab.out.get(), "told to end\n");
  EXPECT_EQ(wait(lblab.process).code(), 3);
}

TEST(GuestRun, WhoeverKillsLblabKillsTheGuest) {
  auto lblab = start(guest_run({}, "echo ready; sleep 1000"));
  read_until(lblab.out.get(), "ready\n");
  const auto pid = std::to_string(lblab.process.pid());
  const auto child = std::stoi(sys::read_file("/proc/" + pid + "/task/" + pid + "/children"));
  const sys::Fd qemu{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  ASSERT_THAT(sys::read_file("/proc/" + std::to_string(child) + "/cmdline"), HasSubstr("qemu"));
  lblab.process.signal(SIGKILL);
  pollfd ended{qemu.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1) << "qemu lives on";
  EXPECT_EQ(wait(lblab.process).code(), 128 + SIGKILL);
}

TEST(GuestRun, ALimitEndsTheJobWith124) {
  const auto seen =
      run(guest_run({"--limit", "2"}, "trap '' TERM; echo started; while :; do sleep 1000; done"));
  EXPECT_EQ(seen.code, 124) << seen.err;
  EXPECT_EQ(seen.out, "started\n");
}

TEST(GuestRun, ACommandThatIsNotThereIsStatus127) {
  const auto seen = run({lblab_program(), "guest", "run", "--", "no-such-program"});
  EXPECT_EQ(seen.code, 127);
  EXPECT_EQ(seen.err, "lblab: start no-such-program: No such file or directory\n");
}

TEST(GuestRun, ATerminalIsATerminalInside) {
  int host_end, own_end;
  winsize size{};
  size.ws_row = 33;
  size.ws_col = 99;
  ASSERT_EQ(::openpty(&host_end, &own_end, nullptr, nullptr, &size), 0);
  const sys::Fd terminal{host_end}, lblab_end{own_end};
  sys::Command command;
  command.argv =
      guest_run({}, "stty size; trap 'echo interrupted; exit 4' INT; sleep 1000 & echo ready; wait");
  command.environment = environment();
  command.in = command.out = command.err = own_end;
  command.terminal = true;
  command.die_with_parent = true;
  auto lblab = sys::spawn(command);
  EXPECT_THAT(read_until(host_end, "ready"), HasSubstr("33 99"));
  ASSERT_EQ(::write(host_end, "\x03", 1), 1);
  read_until(host_end, "interrupted");
  EXPECT_EQ(wait(lblab).code(), 4);
}

TEST(GuestRun, NeedsNoRoot) {
  constexpr uid_t nobody = 65534;
  const TemporaryFolder home;
  ASSERT_EQ(::chown(home.path().c_str(), nobody, nobody), 0);
  sys::write_file(home.path() + "/secret", "of root\n", 0600);
  auto argv = guest_run({"--see", home.path()},
                        "id -u; ipvsadm -A -t 10.1.1.1:80 && echo ipvs; cat " + home.path() + "/secret 2>&1");
  argv.insert(argv.begin(), {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
  const auto seen = run(argv, "", {"HOME=" + home.path(), "XDG_CACHE_HOME=", "XDG_RUNTIME_DIR="});
  EXPECT_THAT(seen.out, HasSubstr("0\nipvs\n")) << seen.err;
  EXPECT_THAT(seen.out, HasSubstr("secret: Permission denied"));
  EXPECT_EQ(seen.code, 1);
}

TEST(GuestRun, AKernelThatDoesNotBootIsShownWithWhatItSaid) {
  const TemporaryFolder cache;
  const auto image = cache.path() + "/linux-image-6.1.0-1-amd64";
  const auto modules = image + "/modules/lib/modules/6.1.0-1-amd64";
  fs::create_directories(modules);
  sys::write_file(image + "/vmlinux", "no kernel");
  sys::write_file(modules + "/modules.dep", "");
  const auto seen = run(guest_run({}, "true"), "", {"LBLAB_CACHE=" + cache.path()});
  EXPECT_EQ(seen.code, 5);
  EXPECT_THAT(seen.err, HasSubstr("lblab: the guest ended before it was up; it said last:\nqemu: "));
}

TEST(GuestRun, RunsHereWhenThisKernelHasWhatIsNeeded) {
  const auto seen = run({lblab_program(), "guest", "run", "--if-missing", "netns,veth", "--", "uname", "-r"});
  EXPECT_EQ(seen.code, 0);
  EXPECT_EQ(seen.out, run({"uname", "-r"}).out);
  EXPECT_EQ(seen.err, "lblab: this kernel has netns, veth: running here\n");
}

}  // namespace
}  // namespace lblab::test
