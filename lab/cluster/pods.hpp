#pragma once

#include "lab/cluster/expand.hpp"

namespace lblab::cluster {

/// The pods of every service at their seats: web pods, load-balancer pods, and the route to a load balancer
/// on the node that hosts it. A node without one has no such route: what it sends to the service goes by its
/// default route, so by the router.
void add_pods(const model::Cluster&, const Placement&, model::Lab&);

}  // namespace lblab::cluster
