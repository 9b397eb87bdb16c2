#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// IPVS sends no notifications: looks at all load balancers every so often, and tells of each what has become
/// another since. Each event has "t": when it was seen, and "earliest": when it was last seen otherwise.
///   {"event": "ipvs", "host", "services": […]}: the table. Connections alone are no change.
///   {"event": "ipvs-counters", "host", "total", "services"}: what was handled.
///   {"event": "ipvs-connections", "host", "connections", "total", "cut"}: by real server and state. Of many
///   connections only the first are read; where that takes long it is done less often, so that it costs no
///   more than a twentieth of a core.
/// Goes on until it is cancelled.
boost::asio::awaitable<void> watch_ipvs(run::RunningLab&, std::chrono::milliseconds every);

}  // namespace lblab::scenario
