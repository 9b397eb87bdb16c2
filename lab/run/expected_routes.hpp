#pragma once

#include <map>
#include <set>
#include <string>

#include "lab/cluster/expand.hpp"

namespace lblab::run {

/// What the routers' FIBs are to hold once the lab has settled: host → destination → next hops.
using RouteTable = std::map<std::string, std::map<std::string, std::set<std::string>>>;

/// One next hop for each node that hosts a load-balancer pod of the service (paper section 3.4).
RouteTable expected_routes(const model::Cluster& cluster, const cluster::Placement& placement);

/// The hosts that are to have real servers although no router says so: where none speaks BGP, load balancers
/// of services with pods.
std::set<std::string> unannounced_balancers(const model::Cluster& cluster,
                                            const cluster::Placement& placement);

}  // namespace lblab::run
