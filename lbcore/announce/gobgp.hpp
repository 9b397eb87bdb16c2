#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "lbcore/announce/agent.hpp"

/// gobgpd 3.10, by way of its client gobgp: a run of it for each request.
namespace lbcore::announce::gobgp {

/// The client's words for a request.
std::vector<std::string> words(const Request&);

/// Once gobgpd's API (ADDRESS:PORT) can be reached; gone when the client that follows gobgpd's table ends.
boost::asio::awaitable<std::unique_ptr<Agent>> reach(std::string api);

}  // namespace lbcore::announce::gobgp
