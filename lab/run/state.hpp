#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/sys/fd.hpp"

/// Where labs live on the host: one folder each below the user's root, /run/lblab for root and
/// $XDG_RUNTIME_DIR/lblab for others. Making the folder claims the lab's name; a lock held on its file "lock"
/// means that the lab is alive.
namespace lblab::run {

std::string state_root();
std::string state_folder(const std::string& lab);
std::string control_socket(const std::string& lab);

/// A name that is ours: the folder exists and the lock is held as long as anyone holds `lock` (it survives
/// exec).
struct Claim {
  std::string lab, folder;
  sys::Fd lock;
};

enum class Taken { alive, left_behind };

/// Claims the name, or says who has it. Throws SystemError where the folder cannot be made.
std::optional<Taken> claim(const std::string& lab, Claim& out);

struct Found {
  std::string lab;
  bool alive;
};
/// All labs of this user, by name.
std::vector<Found> labs();

/// Takes away what a dead lab left: its names under /run/netns, and its folder. Twice is fine.
void clean(const std::string& lab);

}  // namespace lblab::run
