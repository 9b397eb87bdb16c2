#pragma once

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/sys/netns.hpp"

namespace lblab::run {

/// The sessions that the gobgpd of a host knows, as `gobgp neighbor` tells: [{"host", "peer", "state"}, …];
/// empty while it does not answer (bounded by 5 s).
boost::asio::awaitable<nlohmann::json> bgp_sessions(std::string host, std::vector<int> namespaces,
                                                    std::string path);

/// The host's IPVS table: [{"service", "scheduler", "destinations": [{"address", "forwarding", "weight",
/// "active", "inactive"}]}, …].
nlohmann::json ipvs_table(const sys::Netns&);

}  // namespace lblab::run
