#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/neighbour.hpp"
#include "lab/nl/nexthop.hpp"
#include "lab/nl/route.hpp"
#include "lab/observe/event.hpp"

namespace lblab::observe {

/// What is known of one namespace's network: fed by notifications and by dumps, it tells what became
/// different. Told the same thing twice, it tells it once.
class Picture {
 public:
  /// Host, times and `initial` are left to be filled in.
  using Tell = std::function<void(Event)>;
  explicit Picture(Tell tell) : tell_(std::move(tell)) {}

  void take(const nlmsghdr&);
  /// Asks for everything, and tells what is different from what is known.
  void take_everything(nl::Socket&);
  /// Something happened of which the kernel tells only the half: IPv4 routes and nexthops go silently with
  /// their link, address or nexthop. Asking for everything will tell.
  bool is_doubtful() const { return doubtful_; }

 private:
  using RouteKey = std::tuple<sys::Prefix, std::uint32_t, std::uint32_t>;  // destination, table, metric
  using NeighbourKey = std::pair<int, sys::Address>;

  void set(const nl::Link&);
  void set(const nl::LinkAddress&);
  void set(const nl::Route&);
  void set(const nl::Nexthop&);
  void set(const nl::Neighbour&);
  void unset(const nl::Link&);
  void unset(const nl::LinkAddress&);
  void unset(const nl::Route&);
  void unset(const nl::Nexthop&);
  void unset(const nl::Neighbour&);
  /// Sets all of `now`; unsets what is known and not in it.
  template <class Key, class Value, class KeyOf>
  void become(const std::map<Key, Value>& known, const std::vector<Value>& now, KeyOf key_of);

  std::string name_of(int link) const;
  LinkState state_of(const nl::Link&) const;
  std::vector<RouteState::Hop> resolve(const std::vector<nl::NextHop>&) const;
  std::vector<RouteState::Hop> resolve(const nl::Nexthop&) const;
  RouteState state_of(const nl::Route&) const;
  /// A change of a nexthop is one of whatever stands on it.
  void retell();
  void tell_route(const RouteKey&);

  Tell tell_;
  bool doubtful_ = false;
  std::map<int, nl::Link> links_;
  std::map<nl::LinkAddress, nl::LinkAddress> addresses_;
  std::map<RouteKey, nl::Route> routes_;
  std::map<RouteKey, RouteState> told_routes_;
  std::map<std::uint32_t, nl::Nexthop> nexthops_;
  std::map<std::uint32_t, NexthopState> told_nexthops_;
  std::map<NeighbourKey, nl::Neighbour> neighbours_;
};

}  // namespace lblab::observe
