#pragma once

#include "lab/daemons/bgp.hpp"

/// bird 2.0.12. As a router it writes the kernel's multipath routes itself, and takes them away when it ends.
namespace lblab::daemons::bird {

/// Where birdc reaches it.
inline constexpr const char* control_socket = "/run/bird/bird.ctl";

Program router(const BgpRouter&);
Program reflector(const BgpReflector&);

/// The routes that an announcer includes: lbd-announce's file.
inline constexpr const char* announced_routes = "/run/bird/announced.conf";
Program announcer(const BgpAnnouncer&);

}  // namespace lblab::daemons::bird
