#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

/// Keeps what was started, with its output.
class Recorded : public apply::Processes {
 public:
  struct One {
    model::Process spec;
    sys::Process process;
    sys::Fd out, err;
  };
  void started(const std::string& host, const model::Process& spec, sys::Process process, sys::Fd out,
               sys::Fd err) override {
    all.insert_or_assign(host + "/" + spec.name,
                         One{spec, std::move(process), std::move(out), std::move(err)});
  }
  void signal(const std::string& host, const model::Process& spec, int number) override {
    all.at(host + "/" + spec.name).process.signal(number);
  }
  void removed(const std::string& host) override {
    std::erase_if(all, [&](const auto& entry) { return entry.first.starts_with(host + "/"); });
  }
  std::map<std::string, One> all;
};

std::string read_line(const sys::Fd& end) {
  std::string line;
  for (char c; ::read(end.get(), &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

bool ends_within(const sys::Fd& pidfd, int milliseconds) {
  pollfd wanted{pidfd.get(), POLLIN, 0};
  return ::poll(&wanted, 1, milliseconds) == 1;
}

class LabProcesses : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    kernel_ = std::make_unique<apply::LinuxKernel>(settings(), recorded_);
  }
  Recorded recorded_;
};

Lab one_process(const std::string& script) {
  Lab lab;
  add_host(lab, "left").processes = {
      {.name = "it", .argv = {"sh", "-c", script}, .environment = {{"COLOUR", "green"}}}};
  return lab;
}

TEST_F(LabProcesses, AProcessRunsInItsHostWithAnEnvironmentOfItsOwn) {
  ::setenv("LEAKED", "yes", 1);
  up(one_process("hostname; echo $COLOUR $HOME $LANG $LEAKED; ls /sys/class/net; echo oops >&2"));
  auto& it = recorded_.all.at("left/it");
  EXPECT_EQ(read_line(it.out), "left");
  EXPECT_EQ(read_line(it.out), "green /root C.UTF-8");
  EXPECT_EQ(read_line(it.out), "lo");
  EXPECT_EQ(read_line(it.err), "oops");
  EXPECT_EQ(it.process.wait().code(), 0);
}

TEST_F(LabProcesses, StopAndReloadSendTheSignalsOfTheProcess) {
  auto lab = one_process(
      "trap 'echo reloaded' HUP; trap 'echo stopped; exit 3' INT; echo on; while :; do read x < /tmp/fifo; "
      "done");
  auto& process = lab.hosts["left"].processes[0];
  process.argv[2] = "mkfifo /tmp/fifo; " + process.argv[2];
  process.stop_signal = SIGINT;
  process.reload_signal = SIGHUP;
  process.reload_files = {"/run/it.conf"};
  lab.hosts["left"].files = {{"/run/it.conf", "1"}};
  up(lab);
  auto& it = recorded_.all.at("left/it");
  EXPECT_EQ(read_line(it.out), "on");
  auto changed = lab;
  changed.hosts["left"].files[0].text = "2";
  kernel_->apply(plan::compile(lab, changed));
  EXPECT_EQ(read_line(it.out), "reloaded");
  kernel_->apply(std::vector<plan::Op>{plan::Stop{"left", process}});
  EXPECT_EQ(read_line(it.out), "stopped");
  EXPECT_EQ(it.process.wait().code(), 3);
}

TEST_F(LabProcesses, AProgramThatIsNotThereIsNamed) {
  Lab lab;
  add_host(lab, "left").processes = {{.name = "it", .argv = {"no-such-program"}}};
  try {
    up(lab);
    FAIL() << "it was started";
  } catch (const apply::ApplyError& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("left: start it: no-such-program"), std::string::npos)
        << error.what();
  }
}

TEST_F(LabProcesses, WithAHostGoesADaemonsGrandchildThatNobodyHolds) {
  // The shell ends at once; the sleeper has left its session and its parent.
  up(one_process("setsid sh -c 'echo $$; exec sleep 86400' & exit 0"));
  auto& it = recorded_.all.at("left/it");
  const pid_t orphan = std::stoi(read_line(it.out));
  ASSERT_EQ(it.process.wait().code(), 0);
  const sys::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, orphan, 0))};
  ASSERT_TRUE(pidfd);
  ASSERT_FALSE(ends_within(pidfd, 0));
  kernel_->apply(std::vector<plan::Op>{plan::RemoveHost{"left"}});
  EXPECT_TRUE(ends_within(pidfd, 0)) << "it lives on in a namespace that nobody knows";
}

TEST_F(LabProcesses, WhoIsElsewhereIsLetBe) {
  Lab lab;
  add_host(lab, "left").processes = {{.name = "it", .argv = {"sleep", "86400"}}};
  add_host(lab, "right").processes = {{.name = "it", .argv = {"sleep", "86400"}}};
  up(lab);
  kernel_->apply(std::vector<plan::Op>{plan::RemoveHost{"left"}});
  EXPECT_FALSE(recorded_.all.contains("left/it"));
  EXPECT_FALSE(ends_within(recorded_.all.at("right/it").process.fd(), 50));
}

/// As the supervisor lives: init of a PID namespace, under a /proc that belongs to its parent.
TEST_F(LabProcesses, InAPidNamespaceUnderItsParentsProcTheGrandchildGoesToo) {
  auto verdict = sys::make_pipe();
  const pid_t child =
      static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::string text;
    try {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      Recorded recorded;
      const std::string state = state_ + "/inner";
      std::filesystem::create_directory(state);
      apply::LinuxKernel kernel{{.lab = lab_ + "-inner", .state = state}, recorded};
      kernel.apply(plan::compile(
          {}, one_process("ls -d /proc/[0-9]* | wc -l; setsid sh -c 'echo $$; exec sleep 86400' & exit 0")));
      auto& it = recorded.all.at("left/it");
      const int seen = std::stoi(read_line(it.out));
      const pid_t orphan = std::stoi(read_line(it.out));
      it.process.wait();
      const sys::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, orphan, 0))};
      kernel.apply(std::vector<plan::Op>{plan::RemoveHost{"left"}});
      text = std::string(ends_within(pidfd, 0) ? "killed" : "alive") +
             (seen < 10 ? ", own proc" : ", foreign proc");
    } catch (const std::exception& error) {
      text = error.what();
    }
    [[maybe_unused]] const auto n = ::write(verdict.write.get(), text.data(), text.size());
    std::filesystem::remove(state_ + "/inner");
    ::_exit(0);
  }
  verdict.write = sys::Fd{};
  EXPECT_EQ(read_line(verdict.read), "killed, own proc");
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace lblab
