#pragma once

#include "lab/expect/trial.hpp"

/// What likely stands behind a failure, as far as the history knows. Sentences with times since the window
/// opened.
namespace lblab::expect {

/// Why a route has not what it should, or what it should not, at `t`.
std::vector<std::string> why_route(const Trial&, const model::RouteExpectation&, const Difference&, double t);
std::vector<std::string> why_sessions(const Trial&, const std::string& host, const Difference&, double t);
std::vector<std::string> why_real_servers(const Trial&, const std::string& host, const Difference&, double t);

/// What led traffic to where nobody answers, in [from, to]: routes to nowhere, next hops whose load balancer
/// is not at work, real servers in an IPVS table that are not.
std::vector<std::string> dead_ends(const Trial&, double from, double to);

}  // namespace lblab::expect
