#pragma once

#include <string>

#include "lab/sys/fd.hpp"

namespace lblab::cli {

/// Boots a guest kernel in which `lblab supervise` serves the lab, and relays STATE/control.sock to it until
/// the lab goes down; SIGTERM ends the guest. Removes STATE at the end. Returns an exit code.
int relay_guest(const std::string& lab, const std::string& state, sys::Fd listening);

}  // namespace lblab::cli
