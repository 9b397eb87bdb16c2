#include "lab/run/state.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "lab/sys/error.hpp"

namespace lblab::run {

namespace fs = std::filesystem;

namespace {

sys::Fd lock_of(const std::string& folder, bool make) {
  const int fd = ::open((folder + "/lock").c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
  if (fd < 0 && errno != ENOENT) throw sys::SystemError{"open " + folder + "/lock"};
  return sys::Fd{fd};
}

/// Whether the lock was free and is now held by `lock`.
bool take(const sys::Fd& lock) { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; }

/// Claims are made one at a time, so that nobody mistakes a folder whose lock is about to be taken for one
/// left behind.
sys::Fd root_lock() {
  std::error_code ignored;
  fs::create_directories(state_root(), ignored);
  sys::Fd lock = sys::open(state_root() + "/.lock", O_RDWR | O_CREAT, 0600);
  sys::check("lock " + state_root(), ::flock(lock.get(), LOCK_EX));
  return lock;
}

bool alive(const std::string& folder) {
  const sys::Fd lock = lock_of(folder, false);
  return lock && !take(lock);
}

}  // namespace

std::string state_root() {
  if (::geteuid() == 0) return "/run/lblab";
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR")) return std::string(runtime) + "/lblab";
  return "/tmp/lblab-" + std::to_string(::geteuid());
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
  out = Claim{lab, folder, lock_of(folder, true)};
  if (!take(out.lock)) throw sys::SystemError{"lock " + folder};
  return std::nullopt;
}

std::vector<Found> labs() {
  std::vector<Found> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(state_root(), none))
    if (entry.is_directory()) found.push_back({entry.path().filename(), alive(entry.path())});
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
