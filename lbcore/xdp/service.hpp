#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/service.hpp"

/// Values of the XDP load balancer: what is balanced over what, and what was counted.
namespace lbcore::xdp {

using Mac = std::array<std::uint8_t, 6>;

/// What a service is known by: every address of a network, and a port or (0) those ports of the protocol that
/// no other service of the same addresses names. A service with the port goes before one with port 0, then
/// the longest network.
struct ServiceName {
  Prefix addresses;  // a network, no host bits
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  auto operator<=>(const ServiceName&) const = default;

  /// "tcp 10.1.1.0/24:80", "udp [fd00:1::]/64, any port"
  std::string str() const;
};

/// Packets keep their addresses and ports, so a real server has the service's addresses, and answers the
/// client straight.
struct RealServer {
  Address address;                             // of the service's family; unique in a service
  std::uint32_t weight = 1;                    // up to 65535; 0: keeps its connections and gets no new ones
  Forwarding forwarding = Forwarding::tunnel;  // or direct, on a link of the load balancer; nat is refused
  /// Sends to this MAC address, on the interface that packets come from, and spares the look-up of the route:
  /// the server's own (direct) or the next hop's (tunnel). None: by the kernel's routes and neighbours.
  std::optional<Mac> mac;
  auto operator<=>(const RealServer&) const = default;
};

struct Service {
  ServiceName name;
  std::vector<RealServer> servers;
  auto operator<=>(const Service&) const = default;
};

/// IP packets as they came and their bytes (without Ethernet), of those that were forwarded.
struct Traffic {
  std::uint64_t packets = 0, bytes = 0;
  auto operator<=>(const Traffic&) const = default;
  Traffic& operator+=(const Traffic& other) {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
};

/// A connection of which the client has sent nothing for so long (to within a second) is no longer active: a
/// load balancer that answers do not pass sees no more of its end.
inline constexpr std::chrono::seconds idle_after{5};

/// Those that are remembered. The memory is limited: what was least recently used goes.
struct Connections {
  std::uint32_t active = 0;    // not ended by their client, and not idle
  std::uint32_t inactive = 0;  // the others
  auto operator<=>(const Connections&) const = default;
};

struct ServerCounters {
  Address address;
  std::vector<Traffic> per_cpu;  // by the number of the CPU
  Connections connections;
  auto operator<=>(const ServerCounters&) const = default;
  Traffic total() const;
};

struct ServiceCounters {
  ServiceName name;
  std::vector<Traffic> per_cpu;
  std::vector<ServerCounters> servers;  // sorted by address
  auto operator<=>(const ServiceCounters&) const = default;
  Traffic total() const;
};

/// Packets since the program was first attached, over all services and CPUs.
struct Events {
  std::uint64_t chosen = 0;      // forwarded by the table: the connection was not remembered
  std::uint64_t icmp_error = 0;  // ICMP errors, forwarded to the server of the flow that they quote
  // Dropped: as fragments, with their TTL used up, since no real server has weight, since they are longer
  // than the way carries, since the next hop's MAC address is not known (yet), since there is no way to the
  // real server, since the driver left no room for an outer header.
  std::uint64_t fragment = 0, ttl = 0, no_server = 0, too_big = 0, no_neighbour = 0, unreachable = 0,
                no_headroom = 0;
  auto operator<=>(const Events&) const = default;
};

}  // namespace lbcore::xdp
