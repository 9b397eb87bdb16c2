#include "lab/nl/nexthop.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/nl/builder.hpp"

namespace lblab::nl {

namespace {

// Timers travel in clock_t: hundredths of a second (USER_HZ), whatever the kernel's own HZ.
constexpr std::uint32_t ticks_per_second = 100;

void put_group(Builder& b, const Nexthop& nexthop) {
  std::vector<nexthop_grp> members;
  for (const auto& member : nexthop.members) {
    nexthop_grp entry{};
    entry.id = member.id;
    entry.weight = static_cast<std::uint8_t>(member.weight - 1);
    members.push_back(entry);
  }
  b.put(NHA_GROUP, members.data(), members.size() * sizeof(nexthop_grp));
  if (!nexthop.resilient) return;
  b.u16(NHA_GROUP_TYPE, NEXTHOP_GRP_TYPE_RES);
  b.nest(NHA_RES_GROUP, [&](Builder& inner) {
    inner.u16(NHA_RES_GROUP_BUCKETS, nexthop.resilient->buckets);
    inner.u32(NHA_RES_GROUP_IDLE_TIMER, nexthop.resilient->idle_timer_s * ticks_per_second);
    inner.u32(NHA_RES_GROUP_UNBALANCED_TIMER, nexthop.resilient->unbalanced_timer_s * ticks_per_second);
  });
}

Message build(std::uint16_t flags, const Nexthop& nexthop) {
  nhmsg body{};
  const bool group = !nexthop.members.empty();
  if (!group) body.nh_family = static_cast<std::uint8_t>(nexthop.via ? nexthop.via->family() : AF_INET);
  body.nh_protocol = nexthop.protocol;
  if (nexthop.on_link) body.nh_flags = RTNH_F_ONLINK;
  Builder b{RTM_NEWNEXTHOP, flags, body};
  b.u32(NHA_ID, nexthop.id);
  if (group) put_group(b, nexthop);
  if (nexthop.blackhole) b.put(NHA_BLACKHOLE, nullptr, 0);
  if (nexthop.via) b.address(NHA_GATEWAY, *nexthop.via);
  if (nexthop.link) b.u32(NHA_OIF, static_cast<std::uint32_t>(nexthop.link));
  return b.message();
}

std::vector<Nexthop::Member> members_in(const nlattr* group) {
  std::vector<Nexthop::Member> members;
  const auto* entries = static_cast<const nexthop_grp*>(mnl_attr_get_payload(group));
  for (std::size_t i = 0; i < mnl_attr_get_payload_len(group) / sizeof(nexthop_grp); ++i)
    members.push_back({entries[i].id, entries[i].weight + 1});
  return members;
}

}  // namespace

Message add_nexthop(const Nexthop& nexthop) { return build(NLM_F_CREATE | NLM_F_EXCL, nexthop); }

Message replace_nexthop(const Nexthop& nexthop) { return build(NLM_F_CREATE | NLM_F_REPLACE, nexthop); }

Message delete_nexthop(std::uint32_t id) {
  return Builder{RTM_DELNEXTHOP, 0, nhmsg{}}.u32(NHA_ID, id).message();
}

std::vector<Nexthop> nexthops(Socket& socket) {
  std::vector<Nexthop> found;
  socket.ask(
      "list nexthops", Builder{RTM_GETNEXTHOP, NLM_F_DUMP, nhmsg{}}.message(),
      [&](const nlmsghdr& head) {
        if (auto nexthop = parse_nexthop(head)) found.push_back(std::move(*nexthop));
      },
      [&] { found.clear(); });
  return found;
}

std::optional<Nexthop> parse_nexthop(const nlmsghdr& head) {
  if (head.nlmsg_type != RTM_NEWNEXTHOP && head.nlmsg_type != RTM_DELNEXTHOP) return std::nullopt;
  const auto& body = *static_cast<const nhmsg*>(mnl_nlmsg_get_payload(&head));
  const Attributes<NHA_RES_GROUP> attributes{head, sizeof body};
  Nexthop nexthop;
  nexthop.id = attributes.u32(NHA_ID);
  nexthop.protocol = body.nh_protocol;
  nexthop.via = attributes.address(NHA_GATEWAY);
  nexthop.link = static_cast<int>(attributes.u32(NHA_OIF));
  nexthop.on_link = (body.nh_flags & RTNH_F_ONLINK) != 0;
  nexthop.blackhole = attributes[NHA_BLACKHOLE] != nullptr;
  if (attributes[NHA_GROUP]) nexthop.members = members_in(attributes[NHA_GROUP]);
  if (attributes[NHA_RES_GROUP]) {
    const Attributes<NHA_RES_GROUP_MAX> inner{attributes[NHA_RES_GROUP]};
    nexthop.resilient = {inner.u16(NHA_RES_GROUP_BUCKETS),
                         inner.u32(NHA_RES_GROUP_IDLE_TIMER) / ticks_per_second,
                         inner.u32(NHA_RES_GROUP_UNBALANCED_TIMER) / ticks_per_second};
  }
  return nexthop;
}

}  // namespace lblab::nl
