#pragma once

#include <span>
#include <string>

#include "lbcore/dataplane/dataplane.hpp"

namespace lbcore::dataplane::nginx {

/// nginx's configuration for a Table: an upstream for each service, chosen by the address that a client
/// connected to. The real server is the next in turn (scheduler `rr`), the one with fewest connections
/// (`lc`), or hashed from the client's address and port (`sh`). A service whose real servers have no weight
/// answers 503, an address that is no service's 404. `folder` is where nginx keeps what it writes. Pure.
std::string config(std::span<const Range>, const Table&, const std::string& folder);

}  // namespace lbcore::dataplane::nginx
