#pragma once

#include <sys/types.h>

#include <set>

#include "lab/sys/netns.hpp"

namespace lblab::apply {

/// The inode of a namespace: what /proc/PID/ns/net leads to.
ino_t inode_of(const sys::Netns&);

/// Kills (SIGKILL) every process that is in one of these network namespaces, and waits until they have left.
/// Finds what nobody keeps a handle of: a daemon's grandchildren. Processes of another PID namespace than
/// ours or its descendants (a user's own `ip netns exec`) cannot be reached and are let be; so are those that
/// do not end within some seconds of being killed.
void kill_inside(const std::set<ino_t>& namespaces);

}  // namespace lblab::apply
