#include "lab/apply/namespace_name.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

/// The first line of a note: what became of the folder. The names follow.
constexpr const char* made = "made";        // it was not there
constexpr const char* mounted = "mounted";  // it was a plain folder
constexpr const char* found = "found";
/// Before a name: it was somebody else's already.
const std::string not_ours = "-";

bool share() { return ::mount("", names_folder, "none", MS_SHARED | MS_REC, nullptr) == 0; }

std::string path_of(const std::string& name) { return std::string(names_folder) + "/" + name; }

void take_away(const std::string& path) noexcept {
  ::umount2(path.c_str(), MNT_DETACH);
  ::unlink(path.c_str());
}

/// A folder that holds others' names is busy, or not empty, and stays.
void undo(const std::string& what) noexcept {
  if (what != found && ::umount2(names_folder, 0) == 0 && what == made) ::rmdir(names_folder);
}

}  // namespace

NamesFolder::~NamesFolder() {
  undo(became_);
  ::unlink(note_.c_str());
}

NamesFolder::NamesFolder(std::string note)
    : note_(std::move(note)), note_file_(sys::open(note_, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600)) {
  const bool is_new = ::mkdir(names_folder, 0755) == 0;
  if (!is_new && errno != EEXIST) throw sys::SystemError{std::string("make folder ") + names_folder};
  // Two labs may start at once: one of them mounts.
  const sys::Fd folder = sys::open(names_folder, O_RDONLY | O_DIRECTORY);
  sys::check("lock " + std::string(names_folder), ::flock(folder.get(), LOCK_EX));
  if (share()) {
    write_down(became_ = found);
    return;
  }
  write_down(became_ = is_new ? made : mounted);
  sys::check("mount " + std::string(names_folder),
             ::mount(names_folder, names_folder, "none", MS_BIND | MS_REC, nullptr));
  if (!share()) throw sys::SystemError{"share mounts below " + std::string(names_folder)};
}

void NamesFolder::write_down(const std::string& line) {
  const auto text = line + "\n";
  sys::check("write " + note_, static_cast<int>(::write(note_file_.get(), text.data(), text.size())));
}

NamespaceName NamesFolder::add(const std::string& name, const sys::Netns& netns) {
  const auto path = path_of(name);
  write_down(name);
  if (const sys::Fd file{::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)}; !file) {
    const int error = errno;
    write_down(not_ours + name);
    throw sys::SystemError{"make " + path, error};
  }
  NamespaceName made_name{path};
  const auto source = "/proc/thread-self/fd/" + std::to_string(netns.fd().get());
  sys::check("mount " + path, ::mount(source.c_str(), path.c_str(), "none", MS_BIND, nullptr));
  return made_name;
}

void NamesFolder::give_back(const std::string& note) noexcept {
  std::ifstream lines{note};
  std::string what, name;
  if (!std::getline(lines, what)) return;
  std::set<std::string> names;
  while (std::getline(lines, name)) {
    if (name.starts_with(not_ours))
      names.erase(name.substr(not_ours.size()));
    else
      names.insert(name);
  }
  for (const auto& ours : names) take_away(path_of(ours));
  undo(what);
  ::unlink(note.c_str());
}

NamespaceName::~NamespaceName() {
  if (!path_.empty()) take_away(path_);
}

}  // namespace lblab::apply
