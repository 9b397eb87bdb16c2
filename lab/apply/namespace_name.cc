#include "lab/apply/namespace_name.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

/// What a note says of the folder.
constexpr const char* made = "made";        // it was not there
constexpr const char* mounted = "mounted";  // it was a plain folder

bool share() { return ::mount("", names_folder, "none", MS_SHARED | MS_REC, nullptr) == 0; }

std::string path_of(const std::string& name) { return std::string(names_folder) + "/" + name; }

void take_away(const std::string& path) noexcept {
  ::umount2(path.c_str(), MNT_DETACH);
  ::unlink(path.c_str());
}

}  // namespace

NamesFolder::NamesFolder(std::string note) : note_(std::move(note)) {
  const bool is_new = ::mkdir(names_folder, 0755) == 0;
  if (!is_new && errno != EEXIST) throw sys::SystemError{std::string("make folder ") + names_folder};
  // Two labs may start at once: one of them mounts.
  const sys::Fd folder = sys::open(names_folder, O_RDONLY | O_DIRECTORY);
  sys::check("lock " + std::string(names_folder), ::flock(folder.get(), LOCK_EX));
  if (share()) return;
  sys::write_file(note_, is_new ? made : mounted);
  sys::check("mount " + std::string(names_folder),
             ::mount(names_folder, names_folder, "none", MS_BIND | MS_REC, nullptr));
  if (!share()) throw sys::SystemError{"share mounts below " + std::string(names_folder)};
}

void NamesFolder::give_back(const std::string& note) noexcept {
  if (::access(note.c_str(), F_OK) != 0) return;
  try {
    const auto what = sys::read_file(note);
    // A folder that holds others' names is busy, or not empty, and stays.
    if (::umount2(names_folder, 0) == 0 && what == made) ::rmdir(names_folder);
    ::unlink(note.c_str());
  } catch (const sys::SystemError&) {
  }
}

NamespaceName::NamespaceName(const std::string& name, const sys::Netns& netns) {
  const auto path = path_of(name);
  { const sys::Fd file = sys::open(path, O_RDONLY | O_CREAT | O_EXCL); }
  path_ = path;
  const auto source = "/proc/thread-self/fd/" + std::to_string(netns.fd().get());
  if (::mount(source.c_str(), path_.c_str(), "none", MS_BIND, nullptr) < 0) {
    const sys::SystemError failed{"mount " + path_};
    take_away(path_);
    throw failed;
  }
}

NamespaceName::~NamespaceName() {
  if (!path_.empty()) take_away(path_);
}

void NamespaceName::remove(const std::string& name) noexcept { take_away(path_of(name)); }

}  // namespace lblab::apply
