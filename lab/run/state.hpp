#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/sys/fd.hpp"

/// Where labs live on the host: one folder each below the user's root, /run/lblab for root,
/// $XDG_RUNTIME_DIR/lblab for others, /tmp/lblab-UID where that is not set. The root is made with mode 0700,
/// and one that is somebody else's, or that others may write in, is not used: what is in it would be obeyed.
///
/// Making the folder claims the lab's name; a lock held on its file "lock" means that the lab is alive, one
/// on "coming-up" that the command which brings it up is not done.
namespace lblab::run {

/// The root cannot be used: what() says which, why, and what would do. Thrown by all that look into it.
struct NoStateFolder : std::runtime_error {
  using runtime_error::runtime_error;
};

std::string state_root();
/// Why the root cannot be used; empty if it can, or is not there yet.
std::string state_root_problem();
std::string state_folder(const std::string& lab);
std::string control_socket(const std::string& lab);

/// A name that is ours: the folder exists and the lock is held as long as anyone holds `lock` (it survives
/// exec). `coming_up` is for whoever brings the lab up to keep until that is done.
struct Claim {
  std::string lab, folder;
  sys::Fd lock, coming_up;
};

enum class Taken { alive, left_behind };

/// Claims the name, or says who has it. Throws SystemError where the folder cannot be made.
std::optional<Taken> claim(const std::string& lab, Claim& out);

struct Found {
  std::string lab;
  bool alive, coming_up;
};
/// All labs of this user, by name.
std::vector<Found> labs();

/// Takes away what a dead lab left: its names under /run/netns, and its folder. Twice is fine.
void clean(const std::string& lab);

}  // namespace lblab::run
