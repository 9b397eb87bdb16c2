#include "lab/observe/picture.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

namespace lblab::observe {

namespace {

bool tells_of_a_loss(const nlmsghdr& head) {
  return head.nlmsg_type == RTM_DELLINK || head.nlmsg_type == RTM_DELADDR ||
         head.nlmsg_type == RTM_DELROUTE || head.nlmsg_type == RTM_DELNEXTHOP ||
         head.nlmsg_type == RTM_DELNEIGH;
}

NeighbourState::State state_of(std::uint16_t nud) {
  if (nud & (NUD_PERMANENT | NUD_NOARP)) return NeighbourState::State::permanent;
  if (nud & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)) return NeighbourState::State::resolved;
  return nud & NUD_FAILED ? NeighbourState::State::failed : NeighbourState::State::incomplete;
}

auto key_of(const nl::Route& r) { return std::tuple{r.destination, r.table, r.metric}; }
auto key_of(const nl::Neighbour& n) { return std::pair{n.link, n.address.value_or(sys::Address{})}; }

/// What the kernel keeps for itself with every address: local, broadcast, multicast.
bool is_housekeeping(const nl::Route& r) {
  return r.table == RT_TABLE_LOCAL && (r.protocol == RTPROT_KERNEL || r.type == RTN_MULTICAST);
}

/// The kernel does not tell what becomes of the routes over it.
bool changes_routes(const nl::Link& before, const nl::Link& now) {
  return before.up != now.up || before.carrier != now.carrier;
}

}  // namespace

std::string Picture::name_of(int link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? (link ? "#" + std::to_string(link) : "") : found->second.name;
}

// Links

LinkState Picture::state_of(const nl::Link& l) const {
  return {l.name, l.kind, name_of(l.master), l.alias, l.mac, l.mtu, l.up, l.carrier};
}

void Picture::set(const nl::Link& link) {
  const auto before = links_.find(link.index);
  if (before != links_.end() && before->second == link) return;
  doubtful_ |= before != links_.end() && changes_routes(before->second, link);
  links_[link.index] = link;
  Event event;
  event.link = state_of(link);
  tell_(std::move(event));
}

void Picture::unset(const nl::Link& link) {
  const auto known = links_.extract(link.index);
  if (!known) return;
  doubtful_ = true;
  Event event;
  event.removed = true;
  event.link = state_of(known.mapped());
  tell_(std::move(event));
}

// Addresses

void Picture::set(const nl::LinkAddress& address) {
  if (!addresses_.emplace(address, address).second) return;
  Event event;
  event.address = {name_of(address.link), address.address};
  tell_(std::move(event));
}

void Picture::unset(const nl::LinkAddress& address) {
  if (addresses_.erase(address) == 0) return;
  doubtful_ = true;
  Event event;
  event.removed = true;
  event.address = {name_of(address.link), address.address};
  tell_(std::move(event));
}

// Nexthops

std::vector<RouteState::Hop> Picture::resolve(const std::vector<nl::NextHop>& hops) const {
  std::vector<RouteState::Hop> resolved;
  for (const auto& hop : hops)
    if (!hop.dead) resolved.push_back({hop.via, name_of(hop.link), hop.weight});
  std::ranges::sort(resolved);
  return resolved;
}

std::vector<RouteState::Hop> Picture::resolve(const nl::Nexthop& nexthop) const {
  if (nexthop.members.empty() && !nexthop.blackhole) return resolve({{nexthop.via, nexthop.link}});
  std::vector<nl::NextHop> hops;
  for (const auto& member : nexthop.members)
    if (const auto found = nexthops_.find(member.id); found != nexthops_.end())
      hops.push_back({found->second.via, found->second.link, member.weight});
  return resolve(hops);
}

void Picture::set(const nl::Nexthop& nexthop) {
  auto& known = nexthops_[nexthop.id];
  if (known == nexthop) return;
  known = nexthop;
  retell();
}

void Picture::unset(const nl::Nexthop& nexthop) {
  if (nexthops_.erase(nexthop.id) == 0) return;
  doubtful_ = true;
  Event event;
  event.removed = true;
  event.nexthop = std::move(told_nexthops_.extract(nexthop.id).mapped());
  tell_(std::move(event));
  retell();
}

void Picture::retell() {
  for (const auto& [id, nexthop] : nexthops_) {
    NexthopState state{id, resolve(nexthop), !nexthop.members.empty()};
    const auto told = told_nexthops_.find(id);
    if (told != told_nexthops_.end() && told->second == state) continue;
    told_nexthops_[id] = state;
    Event event;
    event.nexthop = std::move(state);
    tell_(std::move(event));
  }
  for (const auto& [key, route] : routes_)
    if (route.nexthop_id) tell_route(key);
}

// Routes

RouteState Picture::state_of(const nl::Route& r) const {
  const auto nexthop = nexthops_.find(r.nexthop_id);
  return {r.destination, r.table,
          r.metric,      r.protocol,
          r.type,        nexthop == nexthops_.end() ? resolve(r.next_hops) : resolve(nexthop->second)};
}

void Picture::tell_route(const RouteKey& key) {
  auto state = state_of(routes_.at(key));
  const auto told = told_routes_.find(key);
  if (told != told_routes_.end() && told->second == state) return;
  told_routes_[key] = state;
  Event event;
  event.route = std::move(state);
  tell_(std::move(event));
}

void Picture::set(const nl::Route& route) {
  if (is_housekeeping(route)) return;
  routes_[key_of(route)] = route;
  tell_route(key_of(route));
}

void Picture::unset(const nl::Route& route) {
  const auto known = routes_.find(key_of(route));
  if (known == routes_.end()) return;
  // IPv6 tells of single ways that go.
  auto& hops = known->second.next_hops;
  if (route.destination.address.family() == AF_INET6 && !route.next_hops.empty() &&
      hops.size() > route.next_hops.size()) {
    for (const auto& gone : route.next_hops)
      std::erase_if(hops,
                    [&](const nl::NextHop& hop) { return hop.via == gone.via && hop.link == gone.link; });
    tell_route(known->first);
    return;
  }
  Event event;
  event.removed = true;
  event.route = state_of(known->second);
  event.route->next_hops.clear();
  told_routes_.erase(known->first);
  routes_.erase(known);
  tell_(std::move(event));
}

// Neighbours

void Picture::set(const nl::Neighbour& neighbour) {
  if (!neighbour.address || neighbour.bridge_fdb || neighbour.state == NUD_NOARP) return;
  auto& known = neighbours_[key_of(neighbour)];
  const bool same = known.address && known.mac == neighbour.mac &&
                    observe::state_of(known.state) == observe::state_of(neighbour.state);
  known = neighbour;
  if (same) return;
  Event event;
  event.neighbour = {name_of(neighbour.link), *neighbour.address, neighbour.mac,
                     observe::state_of(neighbour.state)};
  tell_(std::move(event));
}

void Picture::unset(const nl::Neighbour& neighbour) {
  if (!neighbour.address || neighbours_.erase(key_of(neighbour)) == 0) return;
  Event event;
  event.removed = true;
  event.neighbour = {name_of(neighbour.link), *neighbour.address, neighbour.mac,
                     observe::state_of(neighbour.state)};
  tell_(std::move(event));
}

// All

void Picture::take(const nlmsghdr& head) {
  const bool loss = tells_of_a_loss(head);
  auto put = [&](const auto& parsed) {
    if (!parsed) return false;
    loss ? unset(*parsed) : set(*parsed);
    return true;
  };
  put(nl::parse_link(head)) || put(nl::parse_address(head)) || put(nl::parse_route(head)) ||
      put(nl::parse_nexthop(head)) || put(nl::parse_neighbour(head));
}

template <class Key, class Value, class KeyOf>
void Picture::become(const std::map<Key, Value>& known, const std::vector<Value>& now, KeyOf key_of) {
  std::set<Key> present;
  for (const auto& value : now) present.insert(key_of(value));
  std::vector<Value> gone;
  for (const auto& [key, value] : known)
    if (!present.contains(key)) gone.push_back(value);
  for (const auto& value : gone) unset(value);
  for (const auto& value : now) set(value);
}

void Picture::take_everything(nl::Socket& socket) {
  auto routes = nl::routes(socket, AF_INET);
  std::ranges::move(nl::routes(socket, AF_INET6), std::back_inserter(routes));
  const auto nexthops = nl::nexthops(socket);
  become(links_, nl::links(socket), [](const nl::Link& l) { return l.index; });
  become(addresses_, nl::addresses(socket), [](const nl::LinkAddress& a) { return a; });
  become(nexthops_, nexthops, [](const nl::Nexthop& n) { return n.id; });
  become(routes_, routes, [](const nl::Route& r) { return observe::key_of(r); });
  become(neighbours_, nl::neighbours(socket), [](const nl::Neighbour& n) { return observe::key_of(n); });
  doubtful_ = false;
}

}  // namespace lblab::observe
