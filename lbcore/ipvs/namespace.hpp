#pragma once

#include <set>
#include <string>
#include <string_view>

#include "lbcore/service.hpp"

/// What lbd sets of the network namespace that it is in. Each compares first and writes only what differs,
/// and throws SystemError.
namespace lbcore::ipvs {

/// key: with dots, "net.ipv4.ip_forward".
void set_sysctl(std::string key, std::string_view value);

/// Exactly these prefixes are local by routes of lbd's: what is sent to any of their addresses is taken in
/// here.
void set_local_routes(const std::set<Prefix>&);

}  // namespace lbcore::ipvs
