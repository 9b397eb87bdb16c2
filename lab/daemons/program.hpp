#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/model/lab.hpp"

/// One file a program: how it is started, what it reads, what it needs, and how it says that it is ready.
/// Pure: values in, values out.
namespace lblab::daemons {

using model::Address;
using model::Prefix;
using std::chrono::milliseconds;

/// A process with the files that it reads.
struct Program {
  model::Process process;
  std::vector<model::File> files;
};

/// Process::rank of what a lab starts. A gobgpd that connects lets 5–9 s pass before its first attempt (its
/// source has it as a constant), and exabgp is slow to start; both go before the rest.
inline constexpr int routing_rank = -20, announcer_rank = -10;

/// As YAML durations are written: "9s", "1500ms".
std::string duration(milliseconds);

/// BGP's timers are whole seconds (RFC 4271, 4.2): rounded up.
int whole_seconds(milliseconds);

/// A third of the hold time, as RFC 4271, 10, suggests; at least 1 s.
int keepalive_seconds(milliseconds hold_time);

}  // namespace lblab::daemons
