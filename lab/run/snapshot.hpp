#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/observe/ipvs_table.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::run {

/// What a command in a host of the lab writes to stdout before it ends, or `patience` is over (then it is
/// killed).
boost::asio::awaitable<std::string> output_in(std::vector<int> namespaces,
                                              std::vector<std::string> environment,
                                              std::vector<std::string> argv, std::chrono::seconds patience);

/// Whether a process of this name can be asked for its sessions.
bool is_bgp_speaker(const std::string& process);

/// The sessions that the speaker of a host knows, as `gobgp neighbor` tells, vtysh, or birdc: [{"host",
/// "peer", "state"}, …]; empty while it does not answer (bounded by 5 s).
boost::asio::awaitable<nlohmann::json> bgp_sessions(std::string host, std::string process,
                                                    std::vector<int> namespaces, std::string path);

/// The host's IPVS table: [{"service", "scheduler", "destinations": [{"address", "forwarding", "weight",
/// "active", "inactive"}]}, …].
nlohmann::json ipvs_table(const sys::Netns&);
nlohmann::json ipvs_table(const std::vector<observe::IpvsService>&);

}  // namespace lblab::run
