#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

namespace lblab::nl {

/// A link as the kernel reports it.
struct Link {
  int index = 0;
  std::string name, kind, alias;  // kind: "veth", "bridge", …; empty for lo
  std::string mac;
  int master = 0, mtu = 0;
  bool up = false;  // IFF_UP: set by an administrator
  /// IFF_RUNNING: the kernel acts on the carrier. IFF_LOWER_UP is set at once, but routes follow when the
  /// kernel has looked at its links, which it does up to a second later (net/core/link_watch.c); no
  /// notification comes before.
  bool carrier = false;
  auto operator<=>(const Link&) const = default;
};

/// What a new link is given, or a present one is changed to.
struct LinkSettings {
  std::string name;
  int index = 0;                     // 0: the kernel's choice
  int mtu = 0;                       // 0: the kernel's default, or unchanged
  std::string mac;                   // empty: the kernel's choice, or unchanged
  std::optional<int> master;         // 0: none
  std::optional<std::string> alias;  // for set_link(): the kernel takes none for a new link
  std::optional<bool> up;
};

/// Both ends of a veth pair in one message, each with so many queues in each direction. `far` lands in the
/// namespace of the descriptor `far_namespace` (-1: this one); of its settings the kernel takes name, index,
/// mtu and mac.
Message add_veth(const LinkSettings& near, const LinkSettings& far, int far_namespace = -1,
                 std::uint32_t queues = 1);
/// Without STP, with multicast snooping as told.
Message add_bridge(const LinkSettings&, bool multicast_snooping = false);

struct Vxlan {
  std::uint32_t id = 1;
  sys::Address local;
  int underlay = 0;  // link index; 0: by route
  std::uint16_t port = 4789;
};
/// Without learning and without a default remote.
Message add_vxlan(const LinkSettings&, const Vxlan&);
Message add_ipip(const LinkSettings&, const std::optional<sys::Address>& local,
                 const std::optional<sys::Address>& remote);
/// A persistent TUN device (linux/if_tun.h, by ioctl) in the namespace that the thread is in; name and index
/// are taken, nothing else.
void add_tun(const LinkSettings&);

/// Changes settings.index, or settings.name where the index is 0.
Message set_link(const LinkSettings&);
/// IFLA_INET6_ADDR_GEN_MODE none: the link makes itself no IPv6 address. To be sent before the link is up.
Message silence_ipv6(int index);
/// Per-device IPv4 settings (conf/DEVICE/…, linux/ip.h IPV4_DEVCONF_*), without the cost of a file below
/// /proc. `key` as in the file's name; nullopt: not among those that may be set so without side effects.
std::optional<Message> set_ipv4_conf(int index, const std::string& key, const std::string& value);

Message delete_link(int index);
/// Puts the link into a group; delete_group() removes all of a group at the price of one.
Message set_group(int index, std::uint32_t group);
Message delete_group(std::uint32_t group);

std::vector<Link> links(Socket&);
/// Throws SystemError (ENODEV) if there is none.
Link link_named(Socket&, const std::string& name);

/// The link that an RTM_NEWLINK or RTM_DELLINK tells of; nullopt: another kind of message.
std::optional<Link> parse_link(const nlmsghdr&);

}  // namespace lblab::nl
