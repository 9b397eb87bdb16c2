#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

namespace lblab::nl {

/// A neighbour entry, or with `bridge_fdb` a forwarding entry of a bridge or vxlan device (for vxlan,
/// `address` is the remote VTEP).
struct Neighbour {
  int link = 0;
  std::optional<sys::Address> address;  // none: a bridge's own forwarding entry
  std::string mac;                      // "02:…"; empty while not resolved
  bool bridge_fdb = false;
  std::uint16_t state = 0x80;  // NUD_PERMANENT (linux/neighbour.h)
  auto operator<=>(const Neighbour&) const = default;
};

/// Adds or replaces. A forwarding entry of the zero MAC is appended: there may be one a remote.
Message set_neighbour(const Neighbour&);
Message delete_neighbour(const Neighbour&);
/// Has the kernel find the address's MAC address and keep it up to date, whether packets need it or not
/// (NTF_EXT_MANAGED, Linux 5.16): for what looks neighbours up but does not ask for them. An entry that is
/// permanent would be no longer.
Message keep_neighbour(int link, const sys::Address&);

/// IPv4 and IPv6 neighbours; no forwarding entries.
std::vector<Neighbour> neighbours(Socket&);

/// The entry that an RTM_NEWNEIGH or RTM_DELNEIGH tells of; nullopt: another kind of message.
std::optional<Neighbour> parse_neighbour(const nlmsghdr&);

}  // namespace lblab::nl
