#pragma once

#include <chrono>
#include <cstdint>

#include "lab/nl/socket.hpp"

namespace lblab::nl {

/// A netem queueing discipline (linux/pkt_sched.h, tc-netem(8)).
struct Netem {
  std::chrono::nanoseconds delay{0}, jitter{0};
  double loss = 0, duplicate = 0, reorder = 0;  // shares: 0 … 1
  std::uint64_t rate_bytes = 0;                 // per second; 0: unlimited
  std::uint32_t limit = 1000;                   // packets that it holds
};

/// The link's root qdisc, in place of what was there.
Message set_netem(int link, const Netem&);
/// The kernel's default again; ENOENT if it has no other.
Message delete_qdisc(int link);

}  // namespace lblab::nl
