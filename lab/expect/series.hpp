#pragma once

#include "lab/expect/connections.hpp"
#include "lab/expect/trial.hpp"

namespace lblab::expect {

/// Requests answered and failed a second, by when they were due, in bins of 0.1 to 1 s; datagrams lost a
/// second, by when they were sent; next hops of each route that matters, at every change.
std::vector<Series> series(const Case& all);

/// Of all answered requests, from when they were due (so that a request which had to wait for the one before
/// is not told quicker than it was: coordinated omission); seconds, sorted.
std::vector<double> latencies(const std::vector<probe::Request>& requests);

}  // namespace lblab::expect
