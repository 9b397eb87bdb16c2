#pragma once

#include "lab/daemons/bgp.hpp"

/// gobgpd 3.10 (osrg/gobgp). It has no FIB here: fibd writes the router's kernel routes from its monitor
/// stream.
namespace lblab::daemons::gobgpd {

/// Where its gRPC API listens, in every host that runs it.
inline constexpr const char* api = "127.0.0.1:50051";

Program router(const BgpRouter&);
Program reflector(const BgpReflector&);
/// Its configuration has no place for routes of its own: they come over the API.
Program announcer(const BgpAnnouncer&);

/// gobgp's client, which prints the paths that the gobgpd beside it has, and then every change of them: lines
/// for gobgp::parse_rib().
Program rib_monitor();
inline constexpr const char* rib_monitor_name = "rib-monitor";

}  // namespace lblab::daemons::gobgpd
