#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

namespace lblab::nl {

/// A nexthop object (linux/nexthop.h): a single way (`via` and/or `link`), a blackhole, or a group of others.
/// Routes name it by its id, so that replacing a group moves all its routes at once.
///
/// The kernel refuses a single one whose link is down or without carrier (ENETDOWN), and removes it when the
/// link goes; a removed member leaves its groups, and a group that lost its last member is removed with its
/// routes.
struct Nexthop {
  struct Member {
    std::uint32_t id = 0;
    int weight = 1;  // 1..256
    auto operator<=>(const Member&) const = default;
  };
  /// A group of type NEXTHOP_GRP_TYPE_RES: a table of buckets, of which a change of members moves as few as
  /// it can.
  struct Resilient {
    std::uint16_t buckets = 128;
    std::uint32_t idle_timer_s = 120;      // a bucket idle for so long may move to another member
    std::uint32_t unbalanced_timer_s = 0;  // after so long out of balance busy buckets move too; 0: never
    auto operator<=>(const Resilient&) const = default;
  };

  std::uint32_t id = 0;       // chosen by the caller, not 0
  std::uint8_t protocol = 4;  // RTPROT_STATIC; BGP is 186
  std::optional<sys::Address> via;
  int link = 0;  // 0: resolved from `via` (needs on_link = false)
  bool on_link = false;
  bool blackhole = false;
  std::vector<Member> members;  // not empty: a group
  std::optional<Resilient> resilient;
  auto operator<=>(const Nexthop&) const = default;
};

/// Fails with EEXIST if the id is taken.
Message add_nexthop(const Nexthop&);
/// Adds it, or changes what the id stands for under the routes that use it. A resilient group and a plain one
/// cannot replace each other, nor can resilient groups with different numbers of buckets; the timers can
/// change.
Message replace_nexthop(const Nexthop&);
/// Also removes the routes that use it.
Message delete_nexthop(std::uint32_t id);

std::vector<Nexthop> nexthops(Socket&);

/// The object that an RTM_NEWNEXTHOP or RTM_DELNEXTHOP tells of; nullopt: another kind of message.
std::optional<Nexthop> parse_nexthop(const nlmsghdr&);

}  // namespace lblab::nl
