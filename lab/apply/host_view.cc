#include "lab/apply/host_view.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

using sys::check;

void mount(const char* source, const std::string& target, const char* type, unsigned long flags) {
  check("mount " + target, ::mount(source, target.c_str(), type, flags, nullptr));
}

bool is_hidden_by_a_private_folder(const std::string& path) {
  for (const auto& p : HostFolder::privates)
    if (path.starts_with(std::string(p.seen_as) + "/")) return true;
  return false;
}

/// A file or folder that is to be seen elsewhere too. Taken hold of first and shown later: what is mounted in
/// between may hide where it comes from.
class Bind {
 public:
  Bind(const std::string& from, std::string to)
      : to_(std::move(to)),
        tree_(check("open " + from, static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, from.c_str(),
                                                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)))) {}
  void show() const {
    check("mount " + to_, static_cast<int>(::syscall(SYS_move_mount, tree_.get(), "", AT_FDCWD, to_.c_str(),
                                                     MOVE_MOUNT_F_EMPTY_PATH)));
  }
  const std::string& to() const { return to_; }

 private:
  std::string to_;
  sys::Fd tree_;
};

void arrange(const HostView::Plan& plan) {
  check("set a hostname", ::sethostname(plan.hostname.data(), plan.hostname.size()));
  mount("none", "/", nullptr, MS_SLAVE | MS_REC);
  // Names of namespaces: hidden by the host's own /run in any case, and each would be one more mount to
  // carry.
  ::umount2("/run/netns", MNT_DETACH);
  std::vector<Bind> binds;
  for (const auto& p : HostFolder::privates) binds.emplace_back(plan.folder.path() + "/" + p.name, p.seen_as);
  if (::access("/etc/hosts", F_OK) == 0) binds.emplace_back(plan.hosts_file, "/etc/hosts");
  std::optional<Bind> programs;
  if (is_hidden_by_a_private_folder(plan.programs)) programs.emplace(plan.programs, plan.programs);
  for (const auto& bind : binds) bind.show();
  if (programs) {
    std::filesystem::create_directories(programs->to());
    programs->show();
  }
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

}  // namespace

HostView::HostView(const Plan& plan) {
  std::exception_ptr failed;
  // A thread of its own, because entering a mount namespace cannot be undone without losing the working
  // directory.
  std::thread maker([&] {
    try {
      check("make a mount and a uts namespace", ::unshare(CLONE_NEWNS | CLONE_NEWUTS));
      check("enter a network namespace", ::setns(plan.netns.fd().get(), CLONE_NEWNET));
      mounts_ = sys::open("/proc/thread-self/ns/mnt", O_RDONLY);
      uts_ = sys::open("/proc/thread-self/ns/uts", O_RDONLY);
      arrange(plan);
    } catch (...) {
      failed = std::current_exception();
    }
  });
  maker.join();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace lblab::apply
