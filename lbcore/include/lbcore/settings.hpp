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

/// How many connections a real server may have. At `upper` it gets no new ones, until it has fewer than
/// `lower`; without that, until it has fewer than three quarters of `upper` (ip_vs_ctl.c). 0: none.
struct Thresholds {
  std::uint32_t upper = 0, lower = 0;
  auto operator<=>(const Thresholds&) const = default;
};

struct ServiceSettings {
  std::string name;
  Prefix addresses;        // a network, no host bits
  std::uint16_t port = 0;  // 0, where the dataplane can: those that no other service has
  Protocol protocol = Protocol::tcp;
  std::uint32_t mark = 0;  // 0: served by address; a range can be so only where the dataplane can
  std::string scheduler = "lc";
  std::uint32_t flags = 0;  // IP_VS_SVC_F_*
  std::uint32_t persistence_s = 0;
  Forwarding forwarding = Forwarding::nat;
  bool masquerade = true;      // nat only
  std::int32_t weight = 1;     // of each real server
  Thresholds thresholds;       // of each real server
  std::string endpoints;       // a file of EndpointSlices
  std::string endpoints_port;  // the name of the slices' port; empty: the first of the protocol
  HealthCheck health;
  std::optional<Route> announce;
  auto operator<=>(const ServiceSettings&) const = default;
};

/// What carries the packets. Each has schedulers of its own: lbcore/dataplane/abilities.hpp.
enum class DataplaneKind { ipvs, nftables, iptables, nginx, xdp, keepalived };

/// How long IPVS remembers a silent connection, in whole seconds; nothing: as long as the kernel does.
struct Timeouts {
  std::optional<std::uint32_t> tcp_s, tcpfin_s, udp_s;  // tcpfin: TCP after a FIN
  auto operator<=>(const Timeouts&) const = default;
};

/// What IPVS has of its own, for all services of a namespace.
struct IpvsSettings {
  Timeouts timeouts;
  // net.ipv4.vs.sloppy_tcp: any TCP packet may begin a connection, not only a SYN, so that one that another
  // load balancer had is gone on with. Nothing: left as it is.
  std::optional<bool> sloppy_tcp;
  auto operator<=>(const IpvsSettings&) const = default;
};

/// Where metrics can be had over TCP.
struct Listen {
  Address address;
  std::uint16_t port = 0;
  auto operator<=>(const Listen&) const = default;
};

struct Settings {
  DataplaneKind dataplane = DataplaneKind::ipvs;
  std::string interface;  // xdp: where packets come in; empty: that of the default route
  IpvsSettings ipvs;
  std::string control;            // a unix socket
  std::string announce_socket;    // where lbd-announce connects; empty: nothing is announced
  std::optional<Listen> metrics;  // beside the control socket
  milliseconds drain_limit{2'000};
  milliseconds settle{300};  // how long routers may take to follow a withdrawal; part of drain_limit
  std::vector<ServiceSettings> services;
  auto operator<=>(const Settings&) const = default;
};

}  // namespace lbcore
