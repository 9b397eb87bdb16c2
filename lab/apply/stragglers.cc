#include "lab/apply/stragglers.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

using std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(5);

/// A process's folder below /proc: names the process as long as it lives, however pids are used again.
bool is_inside(const sys::Fd& folder, const std::set<ino_t>& namespaces) {
  struct stat status {};
  return ::fstatat(folder.get(), "ns/net", &status, 0) == 0 && namespaces.contains(status.st_ino);
}

std::string read_at(const sys::Fd& folder, const char* name) {
  const sys::Fd file{::openat(folder.get(), name, O_RDONLY | O_CLOEXEC)};
  std::string text(8192, '\0');
  const auto n = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

/// The numbers after "FIELD:" in a file such as /proc/PID/status.
std::vector<pid_t> numbers(const std::string& text, const std::string& field) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(field + ":")) continue;
    std::istringstream words{line.substr(field.size() + 1)};
    std::vector<pid_t> found;
    for (pid_t n; words >> n;) found.push_back(n);
    return found;
  }
  return {};
}

/// Our own /proc may belong to a parent of our PID namespace, as in the supervisor: NSpid then lists a
/// process's pids from that namespace inwards, ours at the place where our own list ends.
class PidTranslation {
 public:
  PidTranslation() {
    const sys::Fd self = sys::open("/proc/thread-self", O_RDONLY | O_DIRECTORY);
    depth_ = numbers(read_at(self, "status"), "NSpid").size();
  }

  /// A pidfd of the process of this folder; empty if it is gone, or out of our PID namespace's reach.
  sys::Fd open(const sys::Fd& folder, pid_t pid_in_proc) const {
    const auto pids = numbers(read_at(folder, "status"), "NSpid");
    if (depth_ == 0 || pids.size() < depth_) return {};
    sys::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pids[depth_ - 1], 0))};
    if (!pidfd) return {};
    // Ours may be another process of that number: a cousin's namespace counts for itself.
    const auto info = sys::read_file("/proc/thread-self/fdinfo/" + std::to_string(pidfd.get()));
    return numbers(info, "Pid") == std::vector{pid_in_proc} ? std::move(pidfd) : sys::Fd{};
  }

 private:
  std::size_t depth_;
};

std::vector<sys::Fd> find_inside(const std::set<ino_t>& namespaces) {
  const PidTranslation translation;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc{::opendir("/proc"), ::closedir};
  if (!proc) throw sys::SystemError{"open /proc"};
  std::vector<sys::Fd> found;
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name{entry->d_name};
    pid_t pid = 0;
    if (std::from_chars(name.begin(), name.end(), pid).ptr != name.end()) continue;
    const sys::Fd folder{::openat(::dirfd(proc.get()), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder || !is_inside(folder, namespaces)) continue;
    sys::Fd pidfd = translation.open(folder, pid);
    // Still there and still inside, so the pid that we opened was its own.
    if (pidfd && is_inside(folder, namespaces)) found.push_back(std::move(pidfd));
  }
  return found;
}

void wait_for_end(const sys::Fd& pidfd, steady_clock::time_point deadline) {
  pollfd wanted{pidfd.get(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0 || ::poll(&wanted, 1, static_cast<int>(left)) > 0) return;
  }
}

}  // namespace

ino_t inode_of(const sys::Netns& netns) {
  struct stat status {};
  sys::check("look at a network namespace", ::fstat(netns.fd().get(), &status));
  return status.st_ino;
}

void kill_inside(const std::set<ino_t>& namespaces) {
  const auto deadline = steady_clock::now() + patience;
  // Again until none is found: one may have forked just before it was killed.
  for (auto found = find_inside(namespaces); !found.empty() && steady_clock::now() < deadline;
       found = find_inside(namespaces)) {
    for (const auto& pidfd : found) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    for (const auto& pidfd : found) wait_for_end(pidfd, deadline);
  }
}

}  // namespace lblab::apply
