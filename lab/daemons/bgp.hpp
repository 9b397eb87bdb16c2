#pragma once

#include <cstdint>
#include <vector>

#include "lab/daemons/program.hpp"

/// What the BGP agents of a router and of a route reflector have to do, whichever program does it. iBGP
/// throughout.
namespace lblab::daemons {

struct BgpSpeaker {
  std::uint32_t as = 65021;
  Address router_id;
  milliseconds hold_time{9'000};
};

/// Connects to the reflectors and takes every path of a prefix that they know (add-path, RFC 7911). Without a
/// reflector, announcers come to it by themselves, from `passive_peers`: it knows no more of them than an
/// address.
struct BgpRouter : BgpSpeaker {
  std::vector<Address> reflectors;
  std::vector<Address> passive_peers;
};

/// Waits for announcers from anywhere in `announcers`, and for the routers. As in the papers only the routers
/// are its clients (RFC 4456): announcers are not told of each other's routes.
struct BgpReflector : BgpSpeaker {
  std::vector<Prefix> announcers;
  std::vector<Address> routers;
};

}  // namespace lblab::daemons
