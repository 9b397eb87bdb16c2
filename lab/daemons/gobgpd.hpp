#pragma once

#include "lab/daemons/bgp.hpp"

/// gobgpd 3.10 (osrg/gobgp). It has no FIB here: fibd writes the router's kernel routes from its monitor
/// stream.
namespace lblab::daemons::gobgpd {

/// Where its gRPC API listens, in every host that runs it.
inline constexpr const char* api = "127.0.0.1:50051";

Program router(const BgpRouter&);
Program reflector(const BgpReflector&);

}  // namespace lblab::daemons::gobgpd
