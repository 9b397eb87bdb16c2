#pragma once

#include "lab/expect/trial.hpp"

namespace lblab::expect {

/// Where a packet went, by the source that its server saw: the load balancer that translated it, or empty
/// where it was not translated, so that nobody can tell.
std::string balancer_of(const std::string& seen, const Names& names);
/// The node of that load balancer: the router's next hop.
std::string hop_of(const std::string& seen, const Names& names);

/// The route that leads to most of these next hops (nodes); nullptr: none does.
struct ServiceRoute {
  const Life<Set>* life = nullptr;
  std::string router, destination;
  /// The nodes to which it leads at a time.
  Set hops(double t, const Names& names) const;
};
ServiceRoute route_to(const Set& hops, const Trial& trial);

/// Next hops and real servers by which nothing was answered in [from, to] although traffic was led there all
/// that time, and others answered: lines of a story.
std::vector<std::string> silent_ways(const Trial& trial, double from, double to);

/// Times of the changes of all routes that matter, in order; those of [from, to].
std::vector<double> route_changes(const Case& all, double from, double to);

}  // namespace lblab::expect
