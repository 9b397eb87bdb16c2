#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/service.hpp"

/// What an operator asks of the load balancer. Defaults are the papers' values.
namespace lbcore {

using std::chrono::milliseconds;

/// How a real server is judged. Every `interval` it is tried once, each try taking at most `timeout` (which
/// is no longer than the interval); `rise` tries in a row that pass make it up, `fall` that fail make it
/// down.
struct HealthCheck {
  enum class Kind { none, tcp, http };
  Kind kind = Kind::tcp;
  std::uint16_t port = 0;  // 0: the endpoint's own
  std::string path = "/";  // http: GET; passes with a status from 200 to 399
  milliseconds interval{1'000}, timeout{1'000};
  int rise = 1, fall = 3;
  auto operator<=>(const HealthCheck&) const = default;
};

/// What BGP tells the routers.
struct Route {
  Prefix prefix;
  Address next_hop;
  auto operator<=>(const Route&) const = default;
};

struct ServiceSettings {
  std::string name;
  Prefix addresses;  // a network, no host bits
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  std::uint32_t mark = 0;  // 0: a single address, served by address
  std::string scheduler = "lc";
  std::uint32_t flags = 0;  // IP_VS_SVC_F_*
  std::uint32_t persistence_s = 0;
  Forwarding forwarding = Forwarding::nat;
  bool masquerade = true;      // nat only
  std::int32_t weight = 1;     // of each real server
  std::string endpoints;       // a file of EndpointSlices
  std::string endpoints_port;  // the name of the slices' port; empty: the first of the protocol
  HealthCheck health;
  std::optional<Route> announce;
  auto operator<=>(const ServiceSettings&) const = default;
};

/// What carries the packets. Each has schedulers of its own: lbcore/dataplane/abilities.hpp.
enum class DataplaneKind { ipvs, nftables, iptables, nginx, keepalived };

struct Settings {
  DataplaneKind dataplane = DataplaneKind::ipvs;
  std::string control;          // a unix socket
  std::string announce_socket;  // where lbd-announce connects; empty: nothing is announced
  milliseconds drain_limit{2'000};
  milliseconds settle{300};  // how long routers may take to follow a withdrawal; part of drain_limit
  std::vector<ServiceSettings> services;
  auto operator<=>(const Settings&) const = default;
};

}  // namespace lbcore
