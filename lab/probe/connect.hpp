#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lab/probe/socket.hpp"

namespace lblab::probe {

/// Connects to an echo over TCP and reads whom it saw. The event "connection": with "own", "seen" and
/// "server", or with "error" ("timed out", "Connection refused", …).
nlohmann::json connect_once(const Endpoint& to, nanoseconds timeout);

}  // namespace lblab::probe
