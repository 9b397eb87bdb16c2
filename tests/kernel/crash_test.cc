#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <fstream>

#include "fixtures/lab_under_test.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/namespace_watch.hpp"

/// Kill the tool anywhere: `lblab down` cleans all, and the host is untouched.
namespace lblab {
namespace {

using namespace std::chrono_literals;
using fixtures::run_program;
namespace fs = std::filesystem;

/// How far an `up` has come: names under /run/netns, and processes that were started.
struct Reached {
  int names = 0, started = 0;
  bool covers(const Reached& wanted) const { return names >= wanted.names && started >= wanted.started; }
};

enum class Victim { supervisor, command, both };

struct Moment {
  Reached reached;
  Victim victim;
};

void PrintTo(const Moment& at, std::ostream* stream) {
  std::ostream& out = *stream;
  static constexpr const char* words[] = {"supervisor", "command", "both"};
  const auto& [reached, victim] = at;
  out << reached.names << " names and " << reached.started << " processes, then kill "
      << words[static_cast<int>(victim)];
}

class Crash : public testing::TestWithParam<Moment> {
 protected:
  void TearDown() override {
    if (HasFailure()) run_program({LBLAB_PROGRAM, "down", name_});  // what a failed test left
  }

  static inline const std::string name_ = "crash-" + std::to_string(::getpid());
  static inline const std::string folder_ = "/run/lblab/" + name_;

  static std::string host() {
    return run_program({"sh", "-c",
                        "ip -d link; ip addr; ip route show table all; ip rule; sysctl -a --pattern '^net' "
                        "2>/dev/null | "
                        "grep -v -e nf_conntrack_count -e stable_secret"})
        .out;
  }

  static std::vector<std::string> names() {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/run/netns", none))
      if (entry.path().filename().string().starts_with(name_ + ".")) found.push_back(entry.path());
    return found;
  }

  static Reached reached() {
    Reached now{static_cast<int>(names().size()), 0};
    std::ifstream events{folder_ + "/events.jsonl"};
    for (std::string line; std::getline(events, line);)
      now.started += line.find("\"state\":\"started\"") != line.npos;
    return now;
  }

  /// Returns true once `up` has come that far, by watching the folders that it writes to.
  static bool wait_for(const Reached& wanted) {
    fs::create_directories("/run/netns");
    fs::create_directories("/run/lblab");
    const sys::Fd watch{sys::check("watch folders", ::inotify_init1(IN_CLOEXEC))};
    for (const auto* path : {"/run/netns", "/run/lblab"}) ::inotify_add_watch(watch.get(), path, IN_CREATE);
    for (const auto deadline = std::chrono::steady_clock::now() + 60s;
         std::chrono::steady_clock::now() < deadline;) {
      ::inotify_add_watch(watch.get(), folder_.c_str(), IN_CREATE | IN_MODIFY);
      if (reached().covers(wanted)) return true;
      pollfd changed{watch.get(), POLLIN, 0};
      char buffer[4096];
      if (::poll(&changed, 1, 1000) > 0 && ::read(watch.get(), buffer, sizeof buffer) < 0) return false;
    }
    return false;
  }

  /// A pidfd of who listens at the lab's control socket.
  static sys::Fd supervisor() {
    const sys::Fd connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder_ + "/control.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    sys::check("reach the supervisor",
               ::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    ucred peer{};
    socklen_t size = sizeof peer;
    sys::check("ask who it is", ::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size));
    return sys::Fd{static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0))};
  }

  static inline const std::string topology_ = LBLAB_SOURCE_DIR "/tests/kernel/no_ipvs.yaml";

  /// The same with a process that never gets ready: the lab is coming up for as long as nobody ends it.
  static std::string endless_topology() {
    auto text = sys::read_file(topology_);
    const std::string client = "client: {role: client, ";
    text.insert(text.find(client) + client.size(), "processes: [{run: sleep 86400, ready: never}], ");
    const std::string path = testing::TempDir() + name_ + ".yaml";
    std::ofstream{path} << text;
    return path;
  }

  static sys::Process begin_up(const std::string& topology) {
    sys::Command command;
    command.argv = {LBLAB_PROGRAM, "up", topology, "--name", name_, "--kernel", "host"};
    command.environment = {std::string("PATH=") + sys::standard_path};
    return sys::spawn(command);
  }

  static bool ends_within(const sys::Fd& pidfd, std::chrono::milliseconds limit) {
    pollfd end{pidfd.get(), POLLIN, 0};
    return ::poll(&end, 1, static_cast<int>(limit.count())) == 1;
  }
};

TEST_P(Crash, DownLeavesNothing) {
  const auto& [wanted, victim] = GetParam();
  const std::string before = host();
  NamespaceWatch namespaces;
  {
    const auto topology = endless_topology();
    auto up = begin_up(topology);
    ASSERT_TRUE(wait_for(wanted)) << "up never came that far";
    const sys::Fd supervisor = Crash::supervisor();
    for (const auto& path : names()) namespaces.add(sys::Netns::open(path));
    if (victim != Victim::supervisor) up.signal(SIGKILL);
    if (victim != Victim::command) ::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0);
    ASSERT_TRUE(ends_within(up.fd(), 60s));
    fs::remove(topology);
    ASSERT_TRUE(ends_within(supervisor, 60s))
        << "the supervisor outlives a command that was killed before it was ready";
  }
  const auto down = run_program({LBLAB_PROGRAM, "down", name_});
  EXPECT_EQ(down.code, 0) << down.err;
  EXPECT_TRUE(namespaces.all_gone_within(30s));
  EXPECT_TRUE(names().empty());
  EXPECT_FALSE(fs::exists(folder_));
  EXPECT_EQ(sys::read_file("/proc/self/mountinfo").find(name_), std::string::npos);
  EXPECT_EQ(run_program({LBLAB_PROGRAM, "down", name_}).code, 0) << "twice is fine";
  EXPECT_EQ(host(), before);
}

INSTANTIATE_TEST_SUITE_P(
    AtTenMoments, Crash,
    testing::Values(Moment{Reached{1, 0}, Victim::supervisor}, Moment{Reached{2, 0}, Victim::both},
                    Moment{Reached{5, 0}, Victim::command}, Moment{Reached{9, 0}, Victim::both},
                    Moment{Reached{13, 0}, Victim::supervisor}, Moment{Reached{13, 1}, Victim::both},
                    Moment{Reached{13, 3}, Victim::command}, Moment{Reached{13, 5}, Victim::supervisor},
                    Moment{Reached{13, 7}, Victim::both}, Moment{Reached{13, 9}, Victim::command}));

TEST_F(Crash, DownByNameEndsALabThatIsStillComingUp) {
  const std::string before = host();
  NamespaceWatch namespaces;
  auto up = begin_up(topology_);
  ASSERT_TRUE(wait_for({.names = 5, .started = 0}));
  up.signal(SIGSTOP);  // however quick the lab is, the command that brings it up is not done
  for (const auto& path : names()) namespaces.add(sys::Netns::open(path));
  const auto down = run_program({LBLAB_PROGRAM, "down", name_});
  EXPECT_EQ(down.code, 0) << down.err;
  up.signal(SIGCONT);
  ASSERT_TRUE(ends_within(up.fd(), 60s));
  EXPECT_EQ(up.wait().code(), 5);
  EXPECT_TRUE(namespaces.all_gone_within(30s));
  EXPECT_TRUE(names().empty());
  EXPECT_FALSE(fs::exists(folder_));
  EXPECT_EQ(host(), before);
}

TEST_F(Crash, ASupervisorKilledWhenItRunsLeavesNothingAfterDown) {
  const std::string before = host();
  NamespaceWatch namespaces;
  ASSERT_EQ(begin_up(topology_).wait().code(), 0);
  for (const auto& path : names()) namespaces.add(sys::Netns::open(path));
  const sys::Fd supervisor = Crash::supervisor();
  ::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0);
  ASSERT_TRUE(ends_within(supervisor, 60s));
  EXPECT_EQ(run_program({LBLAB_PROGRAM, "down", name_}).code, 0);
  EXPECT_TRUE(namespaces.all_gone_within(30s)) << "what ran in them died with the supervisor";
  EXPECT_TRUE(names().empty());
  EXPECT_FALSE(fs::exists(folder_));
  EXPECT_EQ(host(), before);
}

TEST(TwoLabs, OfOneFileDoNotMeet) {
  const std::string file = LBLAB_SOURCE_DIR "/topologies/plain.yaml";
  const std::string suffix = std::to_string(::getpid());
  auto one = std::make_unique<fixtures::LabUnderTest>(LBLAB_PROGRAM, file, "one-" + suffix);
  fixtures::LabUnderTest two{LBLAB_PROGRAM, file, "two-" + suffix};
  EXPECT_NE(run_program({LBLAB_PROGRAM, "up", file, "--name", "two-" + suffix, "--kernel", "host"}).code, 0)
      << "the name is taken";
  EXPECT_EQ(one->in("r1", {"ping", "-c1", "-W5", "10.0.23.2"}).code, 0);
  const auto link = [](const fixtures::LabUnderTest& lab) {
    return lab.must_in("r1", {"readlink", "/proc/self/ns/net"});
  };
  EXPECT_NE(link(*one), link(two));
  one.reset();
  EXPECT_EQ(two.in("r1", {"ping", "-c1", "-W5", "10.0.23.2"}).code, 0) << "the other's end is not its own";
}

}  // namespace
}  // namespace lblab
