#pragma once

#include <cstdint>
#include <optional>

#include "lab/daemons/program.hpp"
#include "lab/model/cluster.hpp"

/// lbd in a load-balancer pod. Its configuration is written as text: the lab knows lbd by its command line
/// and its files only.
namespace lblab::daemons::lbd {

inline constexpr const char* announce_socket = "/run/lbd/announce.sock";
inline constexpr const char* control_socket = "/run/lbd/control.sock";

/// A web pod as an EndpointSlice names it.
struct Endpoint {
  std::string pod, node;
  Address address;
};

struct Config {
  std::uint32_t mark = 1;  // of the service, where its addresses are a range
  Address next_hop;        // of the announcement: the node's address, not the pod's
  std::vector<Endpoint> endpoints;
  std::string announced_by = "exabgp";  // the process that takes its routes; empty: nobody announces them
};

/// `service` has load balancers.
Program balancer(const model::Service& service, const Config&);

}  // namespace lblab::daemons::lbd
