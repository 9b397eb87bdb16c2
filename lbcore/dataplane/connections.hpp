#pragma once

#include <span>
#include <vector>

#include "lbcore/range.hpp"

/// Connections that the kernel of the caller's current network namespace tracks and whose destination it
/// rewrote (linux/netfilter/nfnetlink_conntrack.h).
namespace lbcore::dataplane {

struct Connection {
  Protocol protocol = Protocol::tcp;
  Address client, service;  // as its first packet came
  std::uint16_t client_port = 0, service_port = 0;
  Address server;  // to whom it went
  std::uint16_t server_port = 0;
  bool established = false;  // TCP in that state; anything else that was answered
  auto operator<=>(const Connection&) const = default;
};

/// Throws SystemError.
std::vector<Connection> connections();

/// The kernel forgets them: their next packet is looked at as that of a new connection. One that has ended
/// meanwhile is no error. Throws SystemError.
void forget(std::span<const Connection>);

/// Whether it was opened to an address, protocol and port of the range.
bool belongs(const Connection&, const Range&);

}  // namespace lbcore::dataplane
