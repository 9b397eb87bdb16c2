#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "lab/sys/address.hpp"

/// What was seen to happen, as values: links by name, times on one clock.
namespace lblab::observe {

struct LinkState {
  std::string name, kind, master, alias, mac;
  int mtu = 0;
  bool up = false;  // set up by an administrator
  bool carrier = false;
  auto operator<=>(const LinkState&) const = default;
};

struct AddressState {
  std::string link;
  sys::Prefix address;
  auto operator<=>(const AddressState&) const = default;
};

struct RouteState {
  struct Hop {
    std::optional<sys::Address> via;
    std::string link;
    int weight = 1;
    auto operator<=>(const Hop&) const = default;
  };
  sys::Prefix destination;
  std::uint32_t table = 254;
  std::uint32_t metric = 0;
  std::uint8_t protocol = 0;  // RTPROT_*: 186 is BGP
  std::uint8_t type = 1;      // RTN_*
  /// The ways that it leads now, sorted: without those whose link is down, or has no carrier where such are
  /// ignored (ignore_routes_with_linkdown). Nexthop objects and groups are resolved to their gateways. Empty:
  /// removed (or a type without).
  std::vector<Hop> next_hops;
  auto operator<=>(const RouteState&) const = default;
};

struct NexthopState {
  std::uint32_t id = 0;
  std::vector<RouteState::Hop> hops;  // of a group: those of its members
  bool is_group = false;
  auto operator<=>(const NexthopState&) const = default;
};

struct NeighbourState {
  enum class State { incomplete, resolved, failed, permanent };
  std::string link;
  sys::Address address;
  std::string mac;
  State state = State::incomplete;
  auto operator<=>(const NeighbourState&) const = default;
};

/// One change in one host's network. Exactly one of the optionals is set, except for a gap, which has none:
/// changes were lost there, and what had changed unseen follows as events of its own.
struct Event {
  std::chrono::nanoseconds clock{};  // CLOCK_MONOTONIC, when it was read
  std::chrono::nanoseconds wall{};   // CLOCK_REALTIME at the same moment
  std::string host;
  bool initial = false;  // was so when the watch began
  bool removed = false;
  bool gap = false;
  std::optional<LinkState> link;
  std::optional<AddressState> address;
  std::optional<RouteState> route;
  std::optional<NexthopState> nexthop;
  std::optional<NeighbourState> neighbour;
};

/// {"t": seconds, "time": seconds since 1970, "event": "route", "host": …, "state": "present" | "removed", …}
nlohmann::json to_json(const Event&);
/// As one line of JSON.
void print(std::ostream&, const Event&);

}  // namespace lblab::observe
