#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

namespace lbcore::daemon {

/// What lbd reports as it happens, one JSON object each. The key "event" comes first and names it: ready,
/// config, endpoints, health, table, announce, helper, session, drain, decommission, handover, error.
/// docs/events.md has their members.
using Events = std::function<void(const nlohmann::ordered_json&)>;

}  // namespace lbcore::daemon
