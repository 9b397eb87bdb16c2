#include "lab/sys/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "lab/sys/error.hpp"

namespace lblab::sys {

namespace {

constexpr int most_inherited = 4;

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string_view path_of(const std::vector<std::string>& environment) {
  for (const auto& entry : environment)
    if (entry.starts_with("PATH=")) return std::string_view(entry).substr(5);
  return standard_path;
}

/// What the child needs, made ready before it exists: it shares our memory until exec and must not allocate.
struct Prepared {
  const Command& command;
  std::string program;
  std::vector<char*> argv, environment;
  int null;
  const char* failed = nullptr;  // written by the child, read by us after vfork returns
  int error = 0;

  int fail(const char* step) {
    failed = step;
    error = errno;
    ::_exit(127);
  }
};

/// Moves a descriptor above the ones that the child will have, so that dup2 onto those cannot overwrite one
/// still needed.
int above(int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 3 + most_inherited); }

/// The children that a Process holds, so that reap_strangers() leaves them alone. Of the whole program, and
/// so of all its threads.
class Held {
 public:
  void add(pid_t pid) {
    const std::scoped_lock lock{mutex_};
    pids_.insert(pid);
  }
  void remove(pid_t pid) {
    const std::scoped_lock lock{mutex_};
    pids_.erase(pid);
  }
  bool contains(pid_t pid) {
    const std::scoped_lock lock{mutex_};
    return pids_.contains(pid);
  }

 private:
  std::mutex mutex_;
  std::set<pid_t> pids_;
};

Held& held() {
  static Held children;
  return children;
}

/// An event loop that watches a pidfd sets O_NONBLOCK, on our descriptor too, and waitid() then gives up at
/// once: so poll() waits.
int wait_for_end(const Fd& pidfd, siginfo_t& info) {
  for (;;) {
    pollfd ended{pidfd.get(), POLLIN, 0};
    if (::poll(&ended, 1, -1) < 0 && errno != EINTR) return -1;
    const int rc = ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED);
    if (rc == 0 || (errno != EINTR && errno != EAGAIN)) return rc;
  }
}

int child(void* argument) {
  auto& p = *static_cast<Prepared*>(argument);
  const Command& c = p.command;
  if (c.die_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  int given[3 + most_inherited] = {above(c.in < 0 ? p.null : c.in), above(c.out < 0 ? p.null : c.out),
                                   above(c.err < 0 ? p.null : c.err)};
  const int count = 3 + static_cast<int>(c.inherited.size());
  for (int i = 3; i < count; ++i) given[i] = above(c.inherited[static_cast<size_t>(i - 3)]);
  for (int i = 0; i < count; ++i)
    if (given[i] < 0 || ::dup2(given[i], i) < 0) p.fail("set up its descriptors");
  // Libraries (Asio among them) open descriptors that a child would inherit; a listener of ours would go on
  // listening in it.
  ::close_range(static_cast<unsigned>(count), ~0U, CLOSE_RANGE_CLOEXEC);
  if (c.terminal && ::ioctl(0, TIOCSCTTY, 0) < 0) p.fail("take its terminal");
  for (const int ns : c.namespaces)
    if (::setns(ns, 0) < 0) p.fail("enter its namespaces");
  if (::chdir(c.directory.c_str()) < 0) p.fail("enter its directory");
  struct sigaction normal = {};
  normal.sa_handler = SIG_DFL;
  for (int s = 1; s < NSIG; ++s) ::sigaction(s, &normal, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(p.program.c_str(), p.argv.data(), p.environment.data());
  return p.fail("start it");
}

}  // namespace

std::string Exit::str() const {
  if (status) return "exit status " + std::to_string(*status);
  return "killed by signal " + std::to_string(*signal) + " (" + ::strsignal(*signal) + ")";
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) all.emplace_back(*entry);
  return all;
}

std::string find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  while (!path.empty()) {
    const auto colon = path.find(':');
    const std::string candidate = std::string(path.substr(0, colon)) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return "";
}

Process spawn(const Command& command) {
  const std::string name = command.argv.at(0);
  Prepared p{command, find_program(name, path_of(command.environment)), pointers(command.argv),
             pointers(command.environment), -1};
  if (p.program.empty()) throw SystemError{"start " + name, ENOENT};
  const Fd null = sys::open("/dev/null", O_RDWR);
  p.null = null.get();

  // Signals stay blocked until the child has reset its handlers: it runs on our memory.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  constexpr size_t stack_bytes = 64 * 1024;
  const auto stack = std::make_unique<std::byte[]>(stack_bytes);
  int pidfd = -1;
  const int flags =
      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | (command.new_pid_namespace ? CLONE_NEWPID : 0);
  const pid_t pid = ::clone(child, stack.get() + stack_bytes, flags, &p, &pidfd);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw SystemError{"start " + name, error};
  Process process{pid, Fd{pidfd}};
  held().add(pid);
  if (p.failed) {
    process.wait();
    throw SystemError{"start " + name + ": " + p.failed, p.error};
  }
  return process;
}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

Process::~Process() {
  if (!pidfd_) return;
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  siginfo_t info;
  wait_for_end(pidfd_, info);
  held().remove(pid_);
}

void Process::detach() {
  pidfd_ = Fd{};
  held().remove(pid_);
}

void reap_strangers() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
        held().contains(info.si_pid))
      return;
    ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

void Process::signal(int number) const {
  if (!pidfd_) return;
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) < 0 && errno != ESRCH)
    throw SystemError{"signal process " + std::to_string(pid_)};
}

Exit Process::wait() {
  siginfo_t info{};
  check("wait for process " + std::to_string(pid_), wait_for_end(pidfd_, info));
  pidfd_ = Fd{};
  held().remove(pid_);
  Exit exit;
  if (info.si_code == CLD_EXITED)
    exit.status = info.si_status;
  else
    exit.signal = info.si_status;
  return exit;
}

}  // namespace lblab::sys
