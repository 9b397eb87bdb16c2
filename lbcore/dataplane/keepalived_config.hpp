#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "lbcore/dataplane/nat.hpp"

/// What keepalived is told. Pure.
namespace lbcore::dataplane::keepalived {

/// keepalived's configuration (keepalived.conf(5)) for a Table: a virtual_server for each service that has
/// real servers, which keepalived checks as the service's range says. One counts as down until its first
/// check passes, unless it is among `believed`. What happens to real servers is written to the FIFO `told`.
std::string config(std::span<const Range>, const Table&, const std::set<Place>& believed,
                   const std::string& told);

/// Whether there is a real server for keepalived to look after.
bool has_work(const Table&);

/// Whether this path can be written in such a configuration, where some characters are more than themselves.
bool takes(std::string_view path);

}  // namespace lbcore::dataplane::keepalived
