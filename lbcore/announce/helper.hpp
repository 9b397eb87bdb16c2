#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "lab/sys/fd.hpp"

namespace lbcore::announce {

struct HelperSettings {
  std::string socket;               // where lbd listens
  std::chrono::milliseconds limit;  // lbd gone for longer: everything is withdrawn
  lblab::sys::Fd from_exabgp, to_exabgp;
};

/// lbd-announce: stands between lbd and exabgp until exabgp closes its end. A missing lbd is awaited, not
/// asked for: the socket's folder is watched, and lbd's socket appears there by a rename, ready to be
/// connected to.
boost::asio::awaitable<void> run_helper(HelperSettings);

}  // namespace lbcore::announce
