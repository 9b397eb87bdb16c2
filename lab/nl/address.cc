#include "lab/nl/address.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/nl/builder.hpp"

namespace lblab::nl {

namespace {

bool is_loopback(const sys::Address& a) { return a.family() == AF_INET && a.bytes()[0] == 127; }

Message build(std::uint16_t type, std::uint16_t flags, const LinkAddress& entry) {
  const auto& address = entry.address.address;
  ifaddrmsg body{};
  body.ifa_family = static_cast<std::uint8_t>(address.family());
  body.ifa_prefixlen = static_cast<std::uint8_t>(entry.address.length);
  body.ifa_scope = is_loopback(address) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  body.ifa_flags = address.family() == AF_INET6 ? IFA_F_NODAD : 0;
  body.ifa_index = static_cast<std::uint32_t>(entry.link);
  return Builder{type, flags, body}.address(IFA_LOCAL, address).address(IFA_ADDRESS, address).message();
}

}  // namespace

Message set_address(const LinkAddress& entry) {
  return build(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, entry);
}

Message delete_address(const LinkAddress& entry) { return build(RTM_DELADDR, 0, entry); }

std::vector<LinkAddress> addresses(Socket& socket) {
  std::vector<LinkAddress> found;
  socket.ask(
      "list addresses", Builder{RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}}.message(),
      [&](const nlmsghdr& head) {
        if (const auto entry = parse_address(head)) found.push_back(*entry);
      },
      [&] { found.clear(); });
  return found;
}

std::optional<LinkAddress> parse_address(const nlmsghdr& head) {
  if (head.nlmsg_type != RTM_NEWADDR && head.nlmsg_type != RTM_DELADDR) return std::nullopt;
  const auto& body = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&head));
  const Attributes<IFA_MAX> attributes{head, sizeof body};
  // A point-to-point address has the peer in IFA_ADDRESS and its own in IFA_LOCAL; IPv6 has mostly
  // IFA_ADDRESS alone.
  auto address = attributes.address(IFA_LOCAL);
  if (!address) address = attributes.address(IFA_ADDRESS);
  if (!address) return std::nullopt;
  return LinkAddress{static_cast<int>(body.ifa_index), {*address, body.ifa_prefixlen}};
}

}  // namespace lblab::nl
