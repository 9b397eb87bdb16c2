#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// Asks the lbd of every load balancer that balances without IPVS, every so often, and tells of each whose
/// real servers have become others:
///   {"event": "real-servers", "host", "dataplane", "services": […], "t": when it was seen, "earliest": when
///   it was last seen otherwise}
/// An lbd that does not answer has said nothing new. Connections alone are no change. Goes on until it is
/// cancelled.
boost::asio::awaitable<void> watch_lbds(run::RunningLab&, std::chrono::milliseconds every);

}  // namespace lblab::scenario
