#pragma once

#include <compare>
#include <optional>
#include <vector>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

namespace lblab::nl {

/// An address of a link, with the length of its subnet.
struct LinkAddress {
  int link = 0;
  sys::Prefix address;
  auto operator<=>(const LinkAddress&) const = default;
};

/// Adds or replaces. An IPv6 address is usable at once (no duplicate address detection).
Message set_address(const LinkAddress&);
Message delete_address(const LinkAddress&);

std::vector<LinkAddress> addresses(Socket&);

/// The address that an RTM_NEWADDR or RTM_DELADDR tells of; nullopt: another kind of message.
std::optional<LinkAddress> parse_address(const nlmsghdr&);

}  // namespace lblab::nl
