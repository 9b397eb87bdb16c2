#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// Nobody sends notifications: looks into the tables of all load balancers every so often, and tells of each
/// that has become another since:
///   {"event": "ipvs", "host", "services": […], "t": when it was seen, "earliest": when it was last seen
///   otherwise}
/// and of those that balance without IPVS, whose lbd is asked, {"event": "real-servers", "dataplane", …}
/// likewise. An lbd that does not answer has said nothing new. Connections alone are no change. Goes on until
/// it is cancelled.
boost::asio::awaitable<void> watch_balancers(run::RunningLab&, std::chrono::milliseconds every);

}  // namespace lblab::scenario
