#pragma once

#include <cstdint>

#include "lab/daemons/program.hpp"

/// exabgp 4.2 beside lbd in a load-balancer pod: it holds the session and says what lbd-announce, its API
/// process, tells it.
namespace lblab::daemons::exabgp {

struct Config {
  std::uint32_t as = 65021;
  Address local;                   // the pod's: router-id and source of the session
  std::vector<Address> peers;      // reflectors, or routers where there is no reflector
  bool session_is_certain = true;  // false: it is ready without one
  milliseconds hold_time{9'000};
  std::string announce_socket;          // lbd's
  milliseconds announce_limit{10'000};  // lbd gone for longer: its routes are withdrawn
};

Program announcer(const Config&);

}  // namespace lblab::daemons::exabgp
