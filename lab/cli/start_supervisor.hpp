#pragma once

#include "lab/run/state.hpp"

namespace lblab::cli {

/// Starts the lab's supervisor as a process that outlives this one, on this kernel (as init of a PID
/// namespace of its own) or in a guest, and returns once the lab's control socket accepts connections. It
/// holds the claim's lock from then on. What it writes goes to FOLDER/supervisor.log. Throws Failure with the
/// end of that log if it ends first.
void start_supervisor(const lblab::run::Claim& claim, bool guest);

}  // namespace lblab::cli
