#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lbcore/endpoint.hpp"
#include "lbcore/range.hpp"
#include "lbcore/settings.hpp"

/// What the kernel and the routers should have, from what is asked and what is known. Pure.
namespace lbcore::daemon {

/// A service and its real servers as they are now.
struct Known {
  const ServiceSettings* settings;
  Endpoints healthy;     // those that are up, draining ones among them
  bool drained = false;  // an operator took it out of service
};

ServiceKey key_of(const ServiceSettings&);
/// The real server of an endpoint. Tunnel and direct forwarding leave the packet's port as it is, so there it
/// is the service's.
Destination destination_of(const ServiceSettings&, const Endpoint&, bool drained);

/// One service each; healthy endpoints have the service's weight, draining ones 0, others are not in it.
Table desired_table(std::span<const Known>);

/// A route is announced while at least one real server of at least one of its services takes new connections.
/// Sorted.
std::vector<Route> desired_routes(std::span<const Known>);

/// The same with those real servers alone that the table has.
std::vector<Known> in_table(std::vector<Known>, const Table&);

/// What the services' packets need on their way through this namespace.
std::vector<Range> ranges(std::span<const ServiceSettings>);

}  // namespace lbcore::daemon
