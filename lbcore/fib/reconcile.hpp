#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lab/nl/nexthop.hpp"
#include "lab/nl/route.hpp"
#include "lbcore/fib/rib.hpp"

/// The kernel's BGP routes: one route a prefix over one nexthop group of its own, whose members are single
/// nexthop objects that all groups share. Even one next hop is a group, so that a change of the set is always
/// one replacement of the group, which the kernel does at once; the route itself stays.
namespace lbcore::fib {

namespace nl = lblab::nl;

/// Ours are the routes of this protocol, metric and the main table, and the nexthop objects of this protocol;
/// whatever else there is stays as it is.
constexpr std::uint8_t protocol = 186;     // RTPROT_BGP
constexpr std::uint32_t main_table = 254;  // RT_TABLE_MAIN
constexpr std::uint32_t metric =
    20;  // a static or connected route of the same prefix wins; zebra's choice too
constexpr std::uint32_t first_id = 10'000;  // of our nexthop objects; low ids are for people

/// A next hop as the kernel needs it.
struct Hop {
  Address via;
  int link = 0;
  auto operator<=>(const Hop&) const = default;
};
using Hops = std::set<Hop>;
/// The routes wanted, or the ones there are; no set is empty.
using Routes = std::map<Prefix, Hops>;

/// What our groups are. nullopt, plain: each member has a range of the flows' hashes, and a change of members
/// shifts the ranges, so flows move between members that stay. Otherwise resilient
/// (Documentation/networking/nexthop-group-resilient.rst): the buckets of a member that leaves move, and
/// no others; a member that comes gets buckets that are idle. Resilience has a price: a plain group passes
/// over a member whose neighbour entry has failed, a resilient one does not, so a next hop that dies in
/// silence loses its flows until BGP withdraws it. The kernel changes neither the kind of a group nor its
/// number of buckets: that takes another group.
using GroupKind = std::optional<nl::Nexthop::Resilient>;

/// What is in the kernel, ours or not.
struct Actual {
  std::vector<nl::Route> routes;
  std::vector<nl::Nexthop> nexthops;
};

/// How to reach a BGP next hop: by the longest matching route that is not BGP's own, directly or by that
/// route's (first) gateway. A default route does not count: when a link goes down it would attract what
/// belongs elsewhere. nullopt: there is no way now.
std::optional<Hop> resolve(const Address& next_hop, const std::vector<nl::Route>&);

/// Our routes as they are, over groups of whatever kind.
Routes installed(const Actual&);

struct AddHop {
  std::uint32_t id;
  Hop hop;
  auto operator<=>(const AddHop&) const = default;
};
struct AddGroup {
  std::uint32_t id;
  std::vector<std::uint32_t> members;
  GroupKind kind;
  auto operator<=>(const AddGroup&) const = default;
};
struct ReplaceGroup {
  std::uint32_t id;
  std::vector<std::uint32_t> members;
  GroupKind kind;  // as it was, but for the timers
  auto operator<=>(const ReplaceGroup&) const = default;
};
struct AddRoute {
  Prefix prefix;
  std::uint32_t group;
  auto operator<=>(const AddRoute&) const = default;
};
struct ReplaceRoute {
  Prefix prefix;
  std::uint32_t group;
  auto operator<=>(const ReplaceRoute&) const = default;
};
struct RemoveRoute {
  Prefix prefix;
  auto operator<=>(const RemoveRoute&) const = default;
};
struct RemoveNexthop {
  std::uint32_t id;
  auto operator<=>(const RemoveNexthop&) const = default;
};
using Change =
    std::variant<AddHop, AddGroup, ReplaceGroup, AddRoute, ReplaceRoute, RemoveRoute, RemoveNexthop>;

/// The fewest changes that make the kernel's BGP routes the wanted ones over groups of this kind, in an order
/// in which the kernel accepts them and no route of both is ever without a next hop of both. Empty if nothing
/// need change.
std::vector<Change> reconcile(const Routes& wanted, const GroupKind&, const Actual&);

nl::Message message(const Change&);
/// "add route 10.1.1.0/24 over group 10003"
std::string describe(const Change&);

}  // namespace lbcore::fib
