#include "lbcore/fib/reconcile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lbcore::fib {

namespace {

constexpr std::uint8_t unicast = 1;  // RTN_UNICAST

bool is_ours(const nl::Route& route) {
  return route.protocol == protocol && route.table == main_table && route.metric == metric &&
         route.type == unicast;
}

/// Our nexthop objects, by what they stand for.
class Objects {
 public:
  explicit Objects(const std::vector<nl::Nexthop>& nexthops) {
    for (const auto& nexthop : nexthops) {
      taken_.insert(nexthop.id);
      if (nexthop.protocol != protocol) continue;
      ours_.emplace(nexthop.id, &nexthop);
      if (!nexthop.via || nexthop.on_link) continue;
      const Hop hop{*nexthop.via, nexthop.link};
      hops_.emplace(nexthop.id, hop);
      ids_.emplace(hop, nexthop.id);
    }
  }

  bool is_group(std::uint32_t id) const {
    const auto at = ours_.find(id);
    return at != ours_.end() && !at->second->members.empty();
  }
  /// A group of ours that a replacement can make one of this kind.
  bool can_be(const GroupKind& kind, std::uint32_t id) const {
    if (!is_group(id)) return false;
    const GroupKind& has = kind_of(id);
    return has && kind ? has->buckets == kind->buckets : has.has_value() == kind.has_value();
  }
  const GroupKind& kind_of(std::uint32_t group) const { return ours_.at(group)->resilient; }
  /// What a group of ours leads to; nullopt if it has a member or a weight that we would not give it.
  std::optional<Hops> hops_of(std::uint32_t group) const {
    Hops hops;
    for (const auto& member : ours_.at(group)->members) {
      const auto hop = hops_.find(member.id);
      if (hop == hops_.end() || member.weight != 1 || !hops.insert(hop->second).second) return std::nullopt;
    }
    return hops;
  }
  std::optional<std::uint32_t> id_of(const Hop& hop) const {
    const auto at = ids_.find(hop);
    return at == ids_.end() ? std::nullopt : std::optional(at->second);
  }
  std::vector<std::uint32_t> members_of(std::uint32_t group) const {
    std::vector<std::uint32_t> ids;
    for (const auto& member : ours_.at(group)->members) ids.push_back(member.id);
    return ids;
  }
  void remember(const Hop& hop, std::uint32_t id) { ids_.emplace(hop, id); }
  std::uint32_t new_id() {
    std::uint32_t id = first_id;
    while (!taken_.insert(id).second) ++id;
    return id;
  }
  const std::map<std::uint32_t, const nl::Nexthop*>& ours() const { return ours_; }

 private:
  std::set<std::uint32_t> taken_;
  std::map<std::uint32_t, const nl::Nexthop*> ours_;
  std::map<std::uint32_t, Hop> hops_;
  std::map<Hop, std::uint32_t> ids_;
};

class Reconciler {
 public:
  Reconciler(const Routes& wanted, const GroupKind& kind, const Actual& actual)
      : wanted_(wanted), kind_(kind), objects_(actual.nexthops) {
    for (const auto& route : actual.routes)
      if (is_ours(route)) routes_.emplace(route.destination, &route);
  }

  std::vector<Change> run() {
    claim_groups();
    for (const auto& [prefix, hops] : wanted_) bring_in_step(prefix, hops);
    for (const auto& [prefix, route] : routes_)
      if (!wanted_.contains(prefix)) route_removals_.push_back(RemoveRoute{prefix});
    remove_unused();
    std::vector<Change> all;
    for (auto* some : {&hop_additions_, &groups_, &route_changes_, &route_removals_, &removals_})
      all.insert(all.end(), some->begin(), some->end());
    return all;
  }

 private:
  /// Each wanted prefix gets the group that its route uses already, if that can stay. A group without a route
  /// (left when a route was refused, or by a fibd that was killed) serves a prefix that has none.
  void claim_groups() {
    for (const auto& [prefix, route] : routes_)
      if (wanted_.contains(prefix) && objects_.can_be(kind_, route->nexthop_id) &&
          in_use_.insert(route->nexthop_id).second)
        group_of_[prefix] = route->nexthop_id;
    std::set<std::uint32_t> routed;
    for (const auto& [prefix, route] : routes_) routed.insert(route->nexthop_id);
    std::multimap<Hops, std::uint32_t> free;
    for (const auto& [id, nexthop] : objects_.ours())
      if (objects_.can_be(kind_, id) && !routed.contains(id))
        if (const auto hops = objects_.hops_of(id)) free.emplace(*hops, id);
    for (const auto& [prefix, hops] : wanted_) {
      if (group_of_.contains(prefix)) continue;
      if (const auto at = free.find(hops); at != free.end()) {
        group_of_[prefix] = at->second;
        in_use_.insert(at->second);
        free.erase(at);
      }
    }
  }

  void bring_in_step(const Prefix& prefix, const Hops& hops) {
    const auto had = group_of_.find(prefix);
    const std::uint32_t group = had == group_of_.end() ? objects_.new_id() : had->second;
    if (had != group_of_.end() && objects_.hops_of(group) == hops && objects_.kind_of(group) == kind_) {
      for (const auto id : objects_.members_of(group)) in_use_.insert(id);
    } else if (had != group_of_.end()) {
      groups_.push_back(ReplaceGroup{group, members(hops), kind_});
    } else {
      groups_.push_back(AddGroup{group, members(hops), kind_});
    }
    const auto route = routes_.find(prefix);
    if (route == routes_.end())
      route_changes_.push_back(AddRoute{prefix, group});
    else if (route->second->nexthop_id != group)
      route_changes_.push_back(ReplaceRoute{prefix, group});
  }

  /// In the order of the addresses, so that which flow goes where, and which move when one leaves, depends on
  /// who the next hops are and not on who came first.
  std::vector<std::uint32_t> members(const Hops& hops) {
    std::vector<std::uint32_t> ids;
    for (const Hop& hop : hops) {
      auto id = objects_.id_of(hop);
      if (!id) {
        id = objects_.new_id();
        objects_.remember(hop, *id);
        hop_additions_.push_back(AddHop{*id, hop});
      }
      in_use_.insert(*id);
      ids.push_back(*id);
    }
    return ids;
  }

  /// Groups before their members, so that no group is seen to shrink on its way out.
  void remove_unused() {
    for (const bool groups : {true, false})
      for (const auto& [id, nexthop] : objects_.ours())
        if (!in_use_.contains(id) && groups == !nexthop->members.empty())
          removals_.push_back(RemoveNexthop{id});
  }

  const Routes& wanted_;
  const GroupKind kind_;
  Objects objects_;
  std::map<Prefix, const nl::Route*> routes_;  // ours
  std::map<Prefix, std::uint32_t> group_of_;
  std::set<std::uint32_t> in_use_;
  std::vector<Change> hop_additions_, groups_, route_changes_, route_removals_, removals_;
};

/// Of an AddGroup or a ReplaceGroup.
template <class GroupChange>
nl::Nexthop group(const GroupChange& change) {
  nl::Nexthop group;
  group.id = change.id;
  group.protocol = protocol;
  for (const auto member : change.members) group.members.push_back({member, 1});
  group.resilient = change.kind;
  return group;
}

std::string describe(const GroupKind& kind) {
  return kind ? fmt::format(", resilient: {} buckets, idle after {} s, forced after {} s", kind->buckets,
                            kind->idle_timer_s, kind->unbalanced_timer_s)
              : "";
}

nl::Route route(const Prefix& prefix, std::uint32_t group) {
  nl::Route route;
  route.destination = prefix;
  route.protocol = protocol;
  route.metric = metric;
  route.nexthop_id = group;
  return route;
}

template <class... F>
struct Visitor : F... {
  using F::operator()...;
};
template <class... F>
Visitor(F...) -> Visitor<F...>;

}  // namespace

std::optional<Hop> resolve(const Address& next_hop, const std::vector<nl::Route>& routes) {
  const nl::Route* best = nullptr;
  for (const auto& route : routes) {
    if (route.table != main_table || route.protocol == protocol || route.destination.length == 0) continue;
    if (!route.destination.contains(next_hop)) continue;
    if (!best || route.destination.length > best->destination.length ||
        (route.destination.length == best->destination.length && route.metric < best->metric))
      best = &route;
  }
  if (!best || best->type != unicast || best->next_hops.empty() || best->next_hops.front().link == 0)
    return std::nullopt;
  const nl::NextHop& way = best->next_hops.front();
  return Hop{way.via.value_or(next_hop), way.link};
}

Routes installed(const Actual& actual) {
  const Objects objects(actual.nexthops);
  Routes routes;
  for (const auto& route : actual.routes) {
    if (!is_ours(route)) continue;
    std::optional<Hops> hops;
    if (objects.is_group(route.nexthop_id)) hops = objects.hops_of(route.nexthop_id);
    if (!hops) {
      hops.emplace();
      for (const auto& way : route.next_hops)
        if (way.via) hops->insert({*way.via, way.link});
    }
    if (!hops->empty()) routes.emplace(route.destination, *hops);
  }
  return routes;
}

std::vector<Change> reconcile(const Routes& wanted, const GroupKind& kind, const Actual& actual) {
  return Reconciler(wanted, kind, actual).run();
}

nl::Message message(const Change& change) {
  return std::visit(Visitor{[](const AddHop& c) {
                              nl::Nexthop nexthop;
                              nexthop.id = c.id;
                              nexthop.protocol = protocol;
                              nexthop.via = c.hop.via;
                              nexthop.link = c.hop.link;
                              return nl::add_nexthop(nexthop);
                            },
                            [](const AddGroup& c) { return nl::add_nexthop(group(c)); },
                            [](const ReplaceGroup& c) { return nl::replace_nexthop(group(c)); },
                            [](const AddRoute& c) { return nl::add_route(route(c.prefix, c.group)); },
                            [](const ReplaceRoute& c) { return nl::replace_route(route(c.prefix, c.group)); },
                            [](const RemoveRoute& c) { return nl::delete_route(route(c.prefix, 0)); },
                            [](const RemoveNexthop& c) { return nl::delete_nexthop(c.id); }},
                    change);
}

std::string describe(const Change& change) {
  return std::visit(
      Visitor{[](const AddHop& c) {
                return fmt::format("add nexthop {} via {} link {}", c.id, c.hop.via.str(), c.hop.link);
              },
              [](const AddGroup& c) {
                return fmt::format("add group {} of {}{}", c.id, fmt::join(c.members, " "), describe(c.kind));
              },
              [](const ReplaceGroup& c) {
                return fmt::format("replace group {} by {}{}", c.id, fmt::join(c.members, " "),
                                   describe(c.kind));
              },
              [](const AddRoute& c) {
                return fmt::format("add route {} over group {}", c.prefix.str(), c.group);
              },
              [](const ReplaceRoute& c) {
                return fmt::format("replace route {} over group {}", c.prefix.str(), c.group);
              },
              [](const RemoveRoute& c) { return fmt::format("remove route {}", c.prefix.str()); },
              [](const RemoveNexthop& c) { return fmt::format("remove nexthop {}", c.id); }},
      change);
}

}  // namespace lbcore::fib
