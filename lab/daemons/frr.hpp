#pragma once

#include <vector>

#include "lab/daemons/bgp.hpp"

/// FRR 8.4: bgpd, and zebra, which gives it the kernel's routes and, on a router, writes its own. Both become
/// the user frr by themselves; their sockets are in a folder that they make for that user.
namespace lblab::daemons::frr {

/// zebra first: bgpd needs it.
using Programs = std::vector<Program>;

Programs router(const BgpRouter&);
/// Its own routes stay out of the kernel.
Programs reflector(const BgpReflector&);

/// bgpd alone: a pod's kernel has no route of it, and next hops are not its to reach.
Program announcer(const BgpAnnouncer&);
/// Where it writes its log besides, and where commands reach it.
inline constexpr const char* announcer_log = "/run/frr/own/bgpd.log";
inline constexpr const char* command_socket = "/run/frr/own/bgpd.vty";

/// What asks the bgpd of the same host; the answer is JSON where the command ends with that word.
std::vector<std::string> asking_bgpd(const std::string& command);

}  // namespace lblab::daemons::frr
