#include "lab/nl/neighbour.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/nl/builder.hpp"

namespace lblab::nl {

namespace {

constexpr const char* any_mac = "00:00:00:00:00:00";

Message build(std::uint16_t type, std::uint16_t flags, const Neighbour& neighbour) {
  ndmsg body{};
  body.ndm_family =
      static_cast<std::uint8_t>(neighbour.bridge_fdb ? AF_BRIDGE : neighbour.address.value().family());
  body.ndm_ifindex = neighbour.link;
  body.ndm_state = neighbour.state;
  if (neighbour.bridge_fdb) body.ndm_flags = neighbour.address ? NTF_SELF : NTF_MASTER;
  Builder b{type, flags, body};
  if (neighbour.address) b.address(NDA_DST, *neighbour.address);
  if (!neighbour.mac.empty()) b.mac(NDA_LLADDR, neighbour.mac);
  return b.message();
}

}  // namespace

Message set_neighbour(const Neighbour& neighbour) {
  const bool one_of_several = neighbour.bridge_fdb && neighbour.mac == any_mac;
  return build(RTM_NEWNEIGH,
               static_cast<std::uint16_t>(NLM_F_CREATE | (one_of_several ? NLM_F_APPEND : NLM_F_REPLACE)),
               neighbour);
}

Message delete_neighbour(const Neighbour& neighbour) { return build(RTM_DELNEIGH, 0, neighbour); }

Message keep_neighbour(int link, const sys::Address& address) {
  ndmsg body{};
  body.ndm_family = static_cast<std::uint8_t>(address.family());
  body.ndm_ifindex = link;
  body.ndm_state = NUD_NONE;
  return Builder{RTM_NEWNEIGH, NLM_F_CREATE, body}
      .address(NDA_DST, address)
      .u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED)
      .message();
}

std::vector<Neighbour> neighbours(Socket& socket) {
  std::vector<Neighbour> found;
  socket.ask(
      "list neighbours", Builder{RTM_GETNEIGH, NLM_F_DUMP, ndmsg{}}.message(),
      [&](const nlmsghdr& head) {
        if (auto neighbour = parse_neighbour(head)) found.push_back(std::move(*neighbour));
      },
      [&] { found.clear(); });
  return found;
}

std::optional<Neighbour> parse_neighbour(const nlmsghdr& head) {
  if (head.nlmsg_type != RTM_NEWNEIGH && head.nlmsg_type != RTM_DELNEIGH) return std::nullopt;
  const auto& body = *static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&head));
  if (body.ndm_family != AF_INET && body.ndm_family != AF_INET6 && body.ndm_family != AF_BRIDGE)
    return std::nullopt;
  const Attributes<NDA_MAX> attributes{head, sizeof body};
  return Neighbour{body.ndm_ifindex, attributes.address(NDA_DST), attributes.mac(NDA_LLADDR),
                   body.ndm_family == AF_BRIDGE, body.ndm_state};
}

}  // namespace lblab::nl
