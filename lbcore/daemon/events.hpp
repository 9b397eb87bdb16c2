#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

namespace lbcore::daemon {

/// What lbd reports as it happens, one JSON object each; the key "event" comes first and names it:
///   ready                                      the kernel has what was asked for, as far as is known by now
///   config       state, mistakes               "applied" | "unchanged" | "refused"
///   endpoints    service, file, state, …       "read" (count, draining) | "missing" | "malformed"
///   (mistakes): the last good ones stay health       service, destination, state, reason     "up" | "down"
///   table        changes                       what was written to the kernel, one text each
///   announce     route, next-hop, state        "announced" | "withdrawn" | "refused", once exabgp has
///   answered helper       state                         "connected" | "gone": lbd-announce session peer,
///   state                   "up" | "down": a BGP session of exabgp's drain        service, state "drained" |
///   "serving" decommission step                          "withdrawing" | "withdrawn" | "draining" |
///   "drained" | "limit" | "removed" handover                                   ends, and leaves everything
///   in place error        what                          and what was attempted is tried again
using Events = std::function<void(const nlohmann::ordered_json&)>;

}  // namespace lbcore::daemon
