#pragma once

#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// A request that makes no sense for this lab; the text says why and what would.
using run::Refused;

/// The programs that run beside a lab's own while a scenario is carried out, by host: its probes, the echo
/// servers that they and `connect` steps need, a probe of the kernel's own lateness, and clients that follow
/// the reflectors' and routers' paths.
run::RunningLab::Programs company(const model::Scenario&, const run::RunningLab&);

/// The port of the echo servers that connect steps talk to.
inline constexpr std::uint16_t connect_port = 7;

/// The first address of a host that is not its loopback's.
sys::Address address_of(const run::RunningLab&, const std::string& host);

}  // namespace lblab::scenario
