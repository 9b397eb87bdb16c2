#pragma once

#include "lab/guest/protocol.hpp"

/// The guest's file tree: the host's, read-only, with folders of the guest's own where programs write. Called
/// by the agent, in this order, in the root that /init has entered.
namespace lblab::guest {

/// Folders that the guest has its own, empty, in memory. Below /var/log and /var/lib the host's first level
/// of folders is made again, empty, with owners and modes.
inline constexpr const char* own_folders[] = {"/tmp", "/run", "/mnt", "/var/log", "/var/lib", "/var/tmp"};

/// True if the path is in or below one of them.
bool below_own_folder(const std::string& path);

/// /proc, /sys, /dev and what belongs in them; lo up; limits as a server has them.
void mount_kernel_folders();

/// The guest's own folders, then over them the host's visible and shared ones. A visible folder that is
/// itself one of own_folders stays the guest's own.
void mount_folders(const Start&);

}  // namespace lblab::guest
