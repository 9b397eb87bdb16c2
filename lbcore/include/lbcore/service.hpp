#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lab/sys/address.hpp"

/// Values of the load balancer: what is balanced, over what. No netlink types.
namespace lbcore {

using lblab::sys::Address;
using lblab::sys::Prefix;

enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };
const char* name(Protocol);  // "tcp", "udp", "sctp"

/// ip_vs.h IP_VS_CONN_F_*: masquerade (NAT), local routing (direct), tunnel (IP-in-IP).
enum class Forwarding { nat, direct, tunnel };
const char* name(Forwarding);  // "nat", "direct", "tunnel"

/// What a virtual service is known by in the kernel: an address, port and protocol, or a firewall mark (a
/// whole range at once, as in the papers).
struct ByAddress {
  Address address;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  auto operator<=>(const ByAddress&) const = default;
};
struct ByMark {
  std::uint32_t mark = 0;
  bool ipv6 = false;
  auto operator<=>(const ByMark&) const = default;
};
using ServiceKey = std::variant<ByAddress, ByMark>;

/// A real server of a virtual service. Known by (address, port).
struct Destination {
  Address address;
  std::uint16_t port = 0;
  std::int32_t weight = 1;
  Forwarding forwarding = Forwarding::nat;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;  // connections; 0: none
  auto operator<=>(const Destination&) const = default;
};

struct VirtualService {
  ServiceKey key;
  std::string scheduler = "lc";  // the kernel's name: rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos
  std::uint32_t flags =
      0;  // IP_VS_SVC_F_* that a user may set: persistent 1, one-packet 4, sched-flag1..3 8 16 32
  std::uint32_t persistence_timeout_s = 0;
  // Which client addresses persist together: an IPv4 mask in host order, an IPv6 prefix length; each alone in
  // either family: 0xffffffff.
  std::uint32_t netmask = 0xffffffff;
  std::vector<Destination> destinations = {};  // sorted by (address, port)
  auto operator<=>(const VirtualService&) const = default;
};

/// A kernel table: sorted by key.
using Table = std::vector<VirtualService>;

/// Counters of a service or destination (ip_vs_stats).
struct Counters {
  std::uint64_t connections = 0, packets_in = 0, packets_out = 0, bytes_in = 0, bytes_out = 0;
  auto operator<=>(const Counters&) const = default;
};

}  // namespace lbcore
