#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

namespace lblab::nl {

/// One way of a route. `link` may be 0 where `via` decides it (the kernel resolves it when the route is
/// added).
struct NextHop {
  std::optional<sys::Address> via;
  int link = 0;
  int weight = 1;        // 1..256
  bool on_link = false;  // `via` need not be in a connected prefix
  bool dead =
      false;  // as read (RTNH_F_DEAD): nothing is sent by it, since its link is down or has no carrier
  auto operator<=>(const NextHop&) const = default;
};

/// A route, in the kernel's terms (linux/rtnetlink.h): what is asked for and what is reported have one form.
struct Route {
  sys::Prefix destination;    // a network; length 0: the default route
  std::uint32_t table = 254;  // RT_TABLE_MAIN
  std::uint8_t protocol =
      4;  // RTPROT_STATIC; BGP is 186, the kernel's own routes 2, and 0 in delete_route() means any
  std::uint8_t type = 1;  // RTN_UNICAST; RTN_LOCAL 2, RTN_BLACKHOLE 6, RTN_UNREACHABLE 7
  std::uint32_t metric = 0;
  std::optional<sys::Address> source;  // preferred source
  std::vector<NextHop> next_hops;      // empty where nexthop_id is set, or the type has none
  std::uint32_t nexthop_id = 0;        // a nexthop object or group (nexthop.hpp); 0: none
  std::uint32_t advmss = 0;  // the TCP segment size that a peer by this route is told (RTAX_ADVMSS); 0: the
                             // link's MTU says it
  auto operator<=>(const Route&) const = default;
};

/// Fails with EEXIST if there is a route of this destination, table and metric.
Message add_route(const Route&);
/// Adds the route, or puts it in the place of the one with this destination, table and metric without a gap
/// between.
Message replace_route(const Route&);
/// Removes the route of this destination, table, metric, type and (if not 0) protocol; next hops are compared
/// where given.
Message delete_route(const Route&);

/// All routes of one family (AF_INET or AF_INET6), without cloned ones. Where a route uses a nexthop object,
/// `next_hops` holds what the kernel resolved it to.
std::vector<Route> routes(Socket&, int family);

/// The way that the kernel's routes give a packet to the address. Throws SystemError if there is none.
NextHop way_to(Socket&, const sys::Address&);

/// The route that an RTM_NEWROUTE or RTM_DELROUTE tells of; nullopt: another kind of message, or not unicast
/// IP.
std::optional<Route> parse_route(const nlmsghdr&);

}  // namespace lblab::nl
