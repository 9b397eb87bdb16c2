#include "lab/nl/route.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/nl/builder.hpp"

namespace lblab::nl {

namespace {

/// A way out of the other family (IPv4 over IPv6, RFC 5549) has an attribute of its own.
void put_gateway(Builder& b, const sys::Address& via, int family) {
  if (via.family() == family) {
    b.address(RTA_GATEWAY, via);
    return;
  }
  std::array<std::uint8_t, 2 + 16> bytes{};
  const auto af = static_cast<std::uint16_t>(via.family());
  std::memcpy(bytes.data(), &af, 2);
  std::memcpy(bytes.data() + 2, via.bytes().data(), via.bytes().size());
  b.put(RTA_VIA, bytes.data(), 2 + via.bytes().size());
}

void put_multipath(Builder& b, const Route& route, int family) {
  b.nest(RTA_MULTIPATH, [&](Builder& inner) {
    for (const NextHop& hop : route.next_hops) {
      const char* start = inner.tail();
      auto* head = inner.raw<rtnexthop>();
      head->rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
      head->rtnh_ifindex = hop.link;
      head->rtnh_flags = hop.on_link ? RTNH_F_ONLINK : 0;
      if (hop.via) put_gateway(inner, *hop.via, family);
      head->rtnh_len = static_cast<std::uint16_t>(inner.tail() - start);
    }
  });
}

std::uint8_t scope_of(const Route& route) {
  if (route.type == RTN_LOCAL) return RT_SCOPE_HOST;
  if (route.next_hops.size() == 1 && !route.next_hops[0].via) return RT_SCOPE_LINK;
  return RT_SCOPE_UNIVERSE;
}

Message build(std::uint16_t type, std::uint16_t flags, const Route& route, std::uint8_t scope) {
  rtmsg body{};
  body.rtm_family = static_cast<std::uint8_t>(route.destination.address.family());
  body.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  body.rtm_table =
      route.table < 256 ? static_cast<std::uint8_t>(route.table) : static_cast<std::uint8_t>(RT_TABLE_COMPAT);
  body.rtm_protocol = route.protocol;
  body.rtm_scope = scope;
  body.rtm_type = route.type;
  const bool single = route.next_hops.size() == 1;
  if (single && route.next_hops[0].on_link) body.rtm_flags = RTNH_F_ONLINK;
  Builder b{type, flags, body};
  if (route.destination.length) b.address(RTA_DST, route.destination.address);
  b.u32(RTA_TABLE, route.table);
  if (route.metric) b.u32(RTA_PRIORITY, route.metric);
  if (route.source) b.address(RTA_PREFSRC, *route.source);
  if (route.advmss) b.nest(RTA_METRICS, [&](Builder& metrics) { metrics.u32(RTAX_ADVMSS, route.advmss); });
  if (route.nexthop_id) {
    b.u32(RTA_NH_ID, route.nexthop_id);
  } else if (single) {
    if (route.next_hops[0].via) put_gateway(b, *route.next_hops[0].via, body.rtm_family);
    if (route.next_hops[0].link) b.u32(RTA_OIF, static_cast<std::uint32_t>(route.next_hops[0].link));
  } else if (!route.next_hops.empty()) {
    put_multipath(b, route, body.rtm_family);
  }
  return b.message();
}

std::optional<sys::Address> gateway_in(const Attributes<RTA_MAX>& attributes) {
  if (auto via = attributes.address(RTA_GATEWAY)) return via;
  const nlattr* other = attributes[RTA_VIA];
  if (!other || mnl_attr_get_payload_len(other) < 2 + 4) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(other));
  const std::size_t count = mnl_attr_get_payload_len(other) >= 2 + 16 ? 16 : 4;
  return sys::Address::from_bytes({bytes + 2, count});
}

std::vector<NextHop> multipath_in(const nlattr* nest) {
  std::vector<NextHop> hops;
  int left = mnl_attr_get_payload_len(nest);
  for (auto* head = static_cast<rtnexthop*>(mnl_attr_get_payload(nest)); RTNH_OK(head, left);
       left -= RTNH_ALIGN(head->rtnh_len), head = RTNH_NEXT(head)) {
    const Attributes<RTA_MAX> inner{RTNH_DATA(head), head->rtnh_len - sizeof(rtnexthop)};
    hops.push_back({gateway_in(inner), head->rtnh_ifindex, head->rtnh_hops + 1,
                    (head->rtnh_flags & RTNH_F_ONLINK) != 0, (head->rtnh_flags & RTNH_F_DEAD) != 0});
  }
  return hops;
}

}  // namespace

Message add_route(const Route& route) {
  return build(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, scope_of(route));
}

Message replace_route(const Route& route) {
  return build(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route, scope_of(route));
}

Message delete_route(const Route& route) { return build(RTM_DELROUTE, 0, route, RT_SCOPE_NOWHERE); }

std::vector<Route> routes(Socket& socket, int family) {
  std::vector<Route> found;
  rtmsg body{};
  body.rtm_family = static_cast<std::uint8_t>(family);
  socket.ask(
      "list routes", Builder{RTM_GETROUTE, NLM_F_DUMP, body}.message(),
      [&](const nlmsghdr& head) {
        if (auto route = parse_route(head)) found.push_back(std::move(*route));
      },
      [&] { found.clear(); });
  return found;
}

NextHop way_to(Socket& socket, const sys::Address& address) {
  rtmsg body{};
  body.rtm_family = static_cast<std::uint8_t>(address.family());
  body.rtm_dst_len = static_cast<std::uint8_t>(address.bits());
  NextHop way;
  socket.ask("look up the route to " + address.str(),
             Builder{RTM_GETROUTE, 0, body}.address(RTA_DST, address).message(), [&](const nlmsghdr& head) {
               const Attributes<RTA_MAX> attributes{head, sizeof(rtmsg)};
               way.via = gateway_in(attributes);
               way.link = static_cast<int>(attributes.u32(RTA_OIF));
             });
  return way;
}

std::optional<Route> parse_route(const nlmsghdr& head) {
  if (head.nlmsg_type != RTM_NEWROUTE && head.nlmsg_type != RTM_DELROUTE) return std::nullopt;
  const auto& body = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&head));
  if ((body.rtm_family != AF_INET && body.rtm_family != AF_INET6) || body.rtm_flags & RTM_F_CLONED)
    return std::nullopt;
  const Attributes<RTA_MAX> attributes{head, sizeof body};
  Route route;
  const std::array<std::uint8_t, 16> zero{};
  const auto any = sys::Address::from_bytes({zero.data(), body.rtm_family == AF_INET6 ? 16u : 4u});
  route.destination = {attributes.address(RTA_DST).value_or(any), body.rtm_dst_len};
  route.table = attributes.u32(RTA_TABLE, body.rtm_table);
  route.protocol = body.rtm_protocol;
  route.type = body.rtm_type;
  route.metric = attributes.u32(RTA_PRIORITY);
  route.source = attributes.address(RTA_PREFSRC);
  route.nexthop_id = attributes.u32(RTA_NH_ID);
  if (const nlattr* metrics = attributes[RTA_METRICS])
    route.advmss = Attributes<RTAX_MAX>{mnl_attr_get_payload(metrics), mnl_attr_get_payload_len(metrics)}.u32(
        RTAX_ADVMSS);
  const auto via = gateway_in(attributes);
  const int link = static_cast<int>(attributes.u32(RTA_OIF));
  if (attributes[RTA_MULTIPATH])
    route.next_hops = multipath_in(attributes[RTA_MULTIPATH]);
  else if (via || link)
    route.next_hops = {
        {via, link, 1, (body.rtm_flags & RTNH_F_ONLINK) != 0, (body.rtm_flags & RTNH_F_DEAD) != 0}};
  return route;
}

}  // namespace lblab::nl
