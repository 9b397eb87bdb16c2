#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lbcore/announce/agent.hpp"

/// FRR's bgpd, over the socket that vtysh uses: a command ends with a zero byte, an answer with three and the
/// command's result.
namespace lbcore::announce::frr {

/// The commands for a request, to be given one after the other. A route's next hop is set by a route-map that
/// is named after it.
std::vector<std::string> commands(const Request&);
/// The routes that a running configuration announces in that way.
std::vector<Route> read_routes(std::string_view running_configuration);

struct Settings {
  std::string socket;  // bgpd.vty
  std::string log;     // a file that bgpd writes its log to: sessions are looked at when it grows
};

/// Once bgpd can be reached; gone when it closes the connection.
boost::asio::awaitable<std::unique_ptr<Agent>> reach(Settings);

}  // namespace lbcore::announce::frr
