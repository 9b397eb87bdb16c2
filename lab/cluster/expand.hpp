#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "lab/model/cluster.hpp"
#include "lab/model/lab.hpp"

namespace lblab::cluster {

using model::Address;

/// Who got what, kept across changes, so that scaling 3 → 1 → 3 renames and renumbers nobody.
struct Placement {
  struct Seat {
    std::string node;
    Address address;  // in the node's pod prefix
    auto operator<=>(const Seat&) const = default;
  };
  std::map<std::string, Seat> seats;        // pod → seat; a seat stays reserved when its pod is gone
  std::map<std::string, int> fabric_ports;  // "HOST:LINK" → N of the fabric's port pN
  std::set<std::string> away;               // pods and nodes that are not there for now; their seats are kept
};

/// The whole lab as plain values, without what is away. Updates `placement` with what it newly decides.
/// Throws Unplaceable when the replicas cannot be placed (more load balancers of one service than nodes, a
/// node's prefix used up): parse() has found what can be found from the file, this is met by `scale`.
model::Lab expand(const model::Cluster&, Placement& placement);

struct Unplaceable : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Names: SERVICE-1, SERVICE-2, … and SERVICE-lb-1, ….
std::string pod_name(const std::string& service, int n);
std::string load_balancer_name(const std::string& service, int n);
/// The host in which the n-th load balancer is: a pod, or the node that has its seat.
std::string balancer_host(const model::Service&, int n, const Placement&);

}  // namespace lblab::cluster
