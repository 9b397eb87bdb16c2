#pragma once

#include <span>
#include <vector>

#include "lbcore/ipvs/client.hpp"
#include "lbcore/range.hpp"
#include "lbcore/xdp/service.hpp"

/// lbd's words and the XDP load balancer's. Pure.
namespace lbcore::dataplane {

/// A Table over these ranges. A service is found by the key of its range, and what has no range is left out.
std::vector<xdp::Service> xdp_services(std::span<const Range>, const Table&);

/// The Table for which there are these services: the way back, for whatever ranges there were. Ranges have no
/// marks here, so a service's key is its network's address, port and protocol.
Table table_of(std::span<const xdp::Service>);
ServiceKey key_of(const xdp::ServiceName&);

/// The same services where they will be: one whose range got longer or shorter moves with its real servers.
/// Those without a range stay as they are.
std::vector<xdp::Service> moved_to(std::span<const Range>, std::vector<xdp::Service>);

/// What went through. Nobody sees when a connection ends, so none is counted as open.
std::vector<ipvs::ServiceCounters> counters_of(std::span<const xdp::ServiceCounters>);

}  // namespace lbcore::dataplane
