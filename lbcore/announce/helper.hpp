#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "lbcore/announce/agent.hpp"

namespace lbcore::announce {

struct HelperSettings {
  std::string socket;               // where lbd listens
  std::chrono::milliseconds limit;  // lbd gone for longer: everything is withdrawn
};

/// lbd-announce: stands between lbd and a BGP agent until that is gone. A missing lbd is awaited, not asked
/// for: the socket's folder is watched, and lbd's socket appears there by a rename, ready to be connected to.
boost::asio::awaitable<void> run_helper(HelperSettings, std::unique_ptr<Agent>);

}  // namespace lbcore::announce
