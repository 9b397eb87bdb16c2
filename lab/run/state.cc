#include "lab/run/state.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "lab/sys/error.hpp"

namespace lblab::run {

namespace fs = std::filesystem;

namespace {

/// Takes the lock that is a file of its own; waits for those who only ask whether it is held.
sys::Fd take(const std::string& file) {
  sys::Fd lock = sys::open(file, O_RDWR | O_CREAT, 0600);
  sys::check("lock " + file, ::flock(lock.get(), LOCK_EX));
  return lock;
}

bool held(const std::string& file) {
  const sys::Fd lock{::open(file.c_str(), O_RDWR | O_CLOEXEC)};
  if (!lock && errno != ENOENT) throw sys::SystemError{"open " + file};
  return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0;  // shared: whoever else asks is not in the way
}

bool alive(const std::string& folder) { return held(folder + "/lock"); }

void refuse_a_bad_root() {
  if (const auto problem = state_root_problem(); !problem.empty()) throw NoStateFolder{problem};
}

/// Claims are made one at a time, so that nobody mistakes a folder whose lock is about to be taken for one
/// left behind.
sys::Fd root_lock() {
  const auto root = state_root();
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)
    throw NoStateFolder{"cannot make " + root + ", the folder of your labs: " + std::strerror(errno) +
                        (::geteuid() == 0 ? "" : "; XDG_RUNTIME_DIR should name a folder of yours")};
  refuse_a_bad_root();
  sys::Fd lock = sys::open(state_root() + "/.lock", O_RDWR | O_CREAT, 0600);
  sys::check("lock " + state_root(), ::flock(lock.get(), LOCK_EX));
  return lock;
}

}  // namespace

std::string state_root() {
  if (::geteuid() == 0) return "/run/lblab";
  // The XDG specification passes over relative paths.
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && runtime[0] == '/') return std::string(runtime) + "/lblab";
  return "/tmp/lblab-" + std::to_string(::geteuid());
}

std::string state_root_problem() {
  const auto root = state_root();
  struct stat found {};
  if (::lstat(root.c_str(), &found) != 0) {
    if (errno == ENOENT) return "";
    return "cannot look at " + root + ", the folder of your labs: " + std::strerror(errno) +
           "; XDG_RUNTIME_DIR should name a folder of yours";
  }
  const auto not_used = root + " is to be the folder of your labs, ";
  if (!S_ISDIR(found.st_mode)) return not_used + "but is no folder; XDG_RUNTIME_DIR can name another place";
  if (found.st_uid != ::geteuid())
    return not_used + "but belongs to user " + std::to_string(found.st_uid) +
           "; set XDG_RUNTIME_DIR to a folder of yours";
  if (found.st_mode & (S_IWGRP | S_IWOTH)) return not_used + "but others may write in it: chmod 700 " + root;
  return "";
}

std::string state_folder(const std::string& lab) { return state_root() + "/" + lab; }

std::string control_socket(const std::string& lab) { return state_folder(lab) + "/control.sock"; }

std::optional<Taken> claim(const std::string& lab, Claim& out) {
  const sys::Fd guard = root_lock();
  const std::string folder = state_folder(lab);
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno != EEXIST) throw sys::SystemError{"make " + folder};
    return alive(folder) ? Taken::alive : Taken::left_behind;
  }
  out = Claim{lab, folder, take(folder + "/lock"), take(folder + "/coming-up")};
  return std::nullopt;
}

std::vector<Found> labs() {
  refuse_a_bad_root();
  std::vector<Found> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(state_root(), none)) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path();
    found.push_back({entry.path().filename(), alive(folder), held(folder + "/coming-up")});
  }
  std::ranges::sort(found, {}, &Found::lab);
  return found;
}

void clean(const std::string& lab) {
  const sys::Fd guard = root_lock();
  const std::string folder = state_folder(lab);
  if (alive(folder)) return;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/run/netns", none)) {
    if (!entry.path().filename().string().starts_with(lab + ".")) continue;
    ::umount2(entry.path().c_str(), MNT_DETACH);
    fs::remove(entry.path(), none);
  }
  fs::remove_all(folder, none);
  if (none) throw sys::SystemError{"remove " + folder, none.value()};
}

}  // namespace lblab::run
