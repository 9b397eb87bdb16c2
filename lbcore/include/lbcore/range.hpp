#pragma once

#include <cstdint>

#include "lbcore/settings.hpp"

namespace lbcore {

/// Addresses that are balanced on one port.
struct Range {
  Prefix addresses;  // a network, no host bits
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  std::uint32_t mark =
      0;  // the firewall mark that selects the service; 0: the service goes by address, nothing is marked
  bool masquerade =
      false;  // balanced packets leave with this namespace's own source address (NAT forwarding)
  HealthCheck health = {};  // of its real servers, for a dataplane that makes the checks itself
};

/// What a range's service is known by in a Table.
inline ServiceKey key_of(const Range& r) {
  if (r.mark) return ByMark{r.mark, r.addresses.address.bits() == 128};
  return ByAddress{r.addresses.address, r.port, r.protocol};
}

/// As nftables, iptables and people call it.
constexpr const char* word(Protocol protocol) {
  return protocol == Protocol::tcp ? "tcp" : protocol == Protocol::udp ? "udp" : "sctp";
}

}  // namespace lbcore
