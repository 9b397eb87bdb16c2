#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/daemons/program.hpp"

/// What the BGP agents of a router, of a route reflector and of a load-balancer pod have to do, whichever
/// program does it. iBGP throughout.
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
  Prefix announcers;
  std::vector<Address> routers;
};

/// Beside lbd: holds the session, and says what lbd-announce tells it.
struct BgpAnnouncer {
  std::uint32_t as = 65021;
  Address local;                   // router-id and source of the session
  std::vector<Address> peers;      // reflectors, or routers where there is no reflector
  bool session_is_certain = true;  // false: it is ready without one
  milliseconds hold_time{9'000};
  std::string announce_socket;          // lbd's
  milliseconds announce_limit{10'000};  // lbd gone for longer: its routes are withdrawn
};

}  // namespace lblab::daemons
