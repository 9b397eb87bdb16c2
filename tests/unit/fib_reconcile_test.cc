#include <gmock/gmock.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <array>

#include "fixtures/addresses.hpp"
#include "lbcore/fib/reconcile.hpp"

namespace lbcore::fib {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int eth0 = 2, eth1 = 3;
const Prefix web = net("10.1.1.0/24"), other = net("10.1.2.0/24");
const GroupKind plain = std::nullopt, resilient = nl::Nexthop::Resilient{};
const Hop a{ip("10.0.0.105"), eth0}, b{ip("10.0.0.106"), eth0}, c{ip("10.0.0.107"), eth0};

/// A kernel as far as reconcile() knows it, which refuses what the real one would.
struct FakeKernel {
  Actual state;

  nl::Nexthop* nexthop(std::uint32_t id) {
    const auto found = std::ranges::find(state.nexthops, id, &nl::Nexthop::id);
    return found == state.nexthops.end() ? nullptr : &*found;
  }
  nl::Route* route(const Prefix& prefix) {
    const auto found = std::ranges::find_if(state.routes, [&](const nl::Route& r) {
      return r.destination == prefix && r.metric == metric && r.table == main_table;
    });
    return found == state.routes.end() ? nullptr : &*found;
  }
  void require(bool holds, const Change& change) {
    if (!holds) throw std::runtime_error("the kernel would refuse to " + describe(change));
  }
  std::vector<nl::Nexthop::Member> members(const std::vector<std::uint32_t>& ids, const Change& change) {
    std::vector<nl::Nexthop::Member> list;
    for (const auto id : ids) {
      require(nexthop(id) && nexthop(id)->members.empty(), change);
      list.push_back({id, 1});
    }
    require(!list.empty(), change);
    return list;
  }
  nl::Route made(const Prefix& prefix, std::uint32_t group, const Change& change) {
    require(nexthop(group) != nullptr, change);
    nl::Route made;
    made.destination = prefix;
    made.protocol = protocol;
    made.metric = metric;
    made.nexthop_id = group;
    return made;
  }

  void apply(const Change& change) {
    if (const auto* x = std::get_if<AddHop>(&change)) {
      require(!nexthop(x->id), change);
      state.nexthops.push_back({.id = x->id, .protocol = protocol, .via = x->hop.via, .link = x->hop.link});
    } else if (const auto* x = std::get_if<AddGroup>(&change)) {
      require(!nexthop(x->id), change);
      state.nexthops.push_back(
          {.id = x->id, .protocol = protocol, .members = members(x->members, change), .resilient = x->kind});
    } else if (const auto* x = std::get_if<ReplaceGroup>(&change)) {
      require(nexthop(x->id) && !nexthop(x->id)->members.empty(), change);
      auto& group = *nexthop(x->id);
      require(group.resilient.has_value() == x->kind.has_value(), change);
      require(!x->kind || group.resilient->buckets == x->kind->buckets, change);
      group.members = members(x->members, change);
      group.resilient = x->kind;
    } else if (const auto* x = std::get_if<AddRoute>(&change)) {
      require(!route(x->prefix), change);
      state.routes.push_back(made(x->prefix, x->group, change));
    } else if (const auto* x = std::get_if<ReplaceRoute>(&change)) {
      require(route(x->prefix), change);
      *route(x->prefix) = made(x->prefix, x->group, change);
    } else if (const auto* x = std::get_if<RemoveRoute>(&change)) {
      require(route(x->prefix), change);
      state.routes.erase(state.routes.begin() + (route(x->prefix) - state.routes.data()));
    } else if (const auto* x = std::get_if<RemoveNexthop>(&change)) {
      require(nexthop(x->id), change);
      // The kernel would take routes and group members along; reconcile() has to have done so before.
      for (const auto& r : state.routes) require(r.nexthop_id != x->id, change);
      for (const auto& n : state.nexthops)
        for (const auto& m : n.members) require(m.id != x->id, change);
      state.nexthops.erase(state.nexthops.begin() + (nexthop(x->id) - state.nexthops.data()));
    }
  }

  std::vector<std::string> bring_to(const Routes& wanted, const GroupKind& kind = plain) {
    std::vector<std::string> done;
    for (const Change& change : reconcile(wanted, kind, state)) {
      apply(change);
      done.push_back(describe(change));
    }
    return done;
  }
};

TEST(FibReconcile, ANewPrefixGetsItsNextHopsAGroupAndARoute) {
  FakeKernel kernel;
  EXPECT_THAT(
      kernel.bring_to({{web, {a, b}}}),
      ElementsAre("add nexthop 10001 via 10.0.0.105 link 2", "add nexthop 10002 via 10.0.0.106 link 2",
                  "add group 10000 of 10001 10002", "add route 10.1.1.0/24 over group 10000"));
  EXPECT_EQ(installed(kernel.state), (Routes{{web, {a, b}}}));
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}), IsEmpty());
}

TEST(FibReconcile, AChangedSetIsOneReplacementOfTheGroup) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b, c}}, {other, {b}}});
  EXPECT_THAT(kernel.bring_to({{web, {a, c}}, {other, {b}}}),
              ElementsAre("replace group 10000 by 10001 10003"));
  EXPECT_THAT(kernel.bring_to({{web, {a}}, {other, {b}}}),
              ElementsAre("replace group 10000 by 10001", "remove nexthop 10003"));
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}, {other, {b}}}),
              ElementsAre("replace group 10000 by 10001 10002"));
}

TEST(FibReconcile, AWithdrawnPrefixTakesWhatOnlyItUsed) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}, {other, {b}}});
  EXPECT_THAT(kernel.bring_to({{other, {b}}}),
              ElementsAre("remove route 10.1.1.0/24", "remove nexthop 10000", "remove nexthop 10001"));
  kernel.bring_to({});
  EXPECT_THAT(kernel.state.routes, IsEmpty());
  EXPECT_THAT(kernel.state.nexthops, IsEmpty());
}

TEST(FibReconcile, WhatOthersMadeIsLeftAlone) {
  FakeKernel kernel;
  kernel.state.nexthops = {{.id = 10'001, .protocol = 4, .via = a.via, .link = eth0},
                           {.id = 7, .protocol = 11, .members = {{10'001, 1}}}};
  nl::Route fixed{.destination = web, .protocol = 4};
  nl::Route elsewhere{.destination = web, .table = 100, .protocol = protocol, .metric = metric};
  nl::Route zebra{.destination = web, .protocol = protocol, .metric = 200};
  kernel.state.routes = {fixed, elsewhere, zebra};
  const Actual before = kernel.state;
  EXPECT_THAT(kernel.bring_to({}), IsEmpty());
  EXPECT_THAT(kernel.bring_to({{web, {a}}}),
              ElementsAre("add nexthop 10002 via 10.0.0.105 link 2", "add group 10000 of 10002",
                          "add route 10.1.1.0/24 over group 10000"));
  kernel.bring_to({});
  EXPECT_EQ(kernel.state.routes, before.routes);
  EXPECT_EQ(kernel.state.nexthops, before.nexthops);
}

TEST(FibReconcile, AMultipathRouteWithoutAGroupIsAdoptedByReplacingIt) {
  FakeKernel kernel;
  kernel.state.routes = {{.destination = web,
                          .protocol = protocol,
                          .metric = metric,
                          .next_hops = {{a.via, eth0}, {b.via, eth0}}}};
  EXPECT_EQ(installed(kernel.state), (Routes{{web, {a, b}}}));
  const auto done = kernel.bring_to({{web, {a, b}}});
  ASSERT_EQ(done.size(), 4u);
  EXPECT_EQ(done.back(), "replace route 10.1.1.0/24 over group 10000");
}

TEST(FibReconcile, AGroupThatTheKernelShrankIsMadeWhole) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}});
  kernel.nexthop(10'000)->members = {{10'001, 1}};  // b's link went
  std::erase_if(kernel.state.nexthops, [](const auto& n) { return n.id == 10'002; });
  EXPECT_EQ(installed(kernel.state), (Routes{{web, {a}}}));
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}),
              ElementsAre("add nexthop 10002 via 10.0.0.106 link 2", "replace group 10000 by 10001 10002"));
}

TEST(FibReconcile, AGroupWhoseRouteIsGoneServesItAgain) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}});
  kernel.state.routes.clear();
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}), ElementsAre("add route 10.1.1.0/24 over group 10000"));
}

TEST(FibReconcile, AGroupWithOtherWeightsIsNotTheOneWanted) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}});
  kernel.nexthop(10'000)->members[0].weight = 3;
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}), ElementsAre("replace group 10000 by 10001 10002"));
}

TEST(FibReconcile, AResilientGroupIsReplacedInPlaceWithItsBuckets) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b, c}}}, resilient);
  EXPECT_EQ(kernel.nexthop(10'000)->resilient, resilient);
  EXPECT_THAT(kernel.bring_to({{web, {a, b, c}}}, resilient), IsEmpty());
  EXPECT_THAT(kernel.bring_to({{web, {a, c}}}, resilient),
              ElementsAre("replace group 10000 by 10001 10003, resilient: 128 buckets, idle after 120 s, "
                          "forced after 0 s",
                          "remove nexthop 10002"));
  kernel.bring_to({}, resilient);
  EXPECT_THAT(kernel.state.nexthops, IsEmpty());
}

TEST(FibReconcile, TimersChangeInPlaceAndBucketsTakeAnotherGroup) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}}, resilient);
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}, nl::Nexthop::Resilient{128, 5, 60}),
              ElementsAre("replace group 10000 by 10001 10002, resilient: 128 buckets, idle after 5 s, "
                          "forced after 60 s"));
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}, nl::Nexthop::Resilient{64, 5, 60}),
              ElementsAre("add group 10003 of 10001 10002, resilient: 64 buckets, idle after 5 s, "
                          "forced after 60 s",
                          "replace route 10.1.1.0/24 over group 10003", "remove nexthop 10000"));
}

TEST(FibReconcile, AnotherKindOfGroupIsANewGroupToWhichTheRouteMoves) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}}, plain);
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}, resilient),
              ElementsAre("add group 10003 of 10001 10002, resilient: 128 buckets, idle after 120 s, "
                          "forced after 0 s",
                          "replace route 10.1.1.0/24 over group 10003", "remove nexthop 10000"));
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}, plain),
              ElementsAre("add group 10000 of 10001 10002", "replace route 10.1.1.0/24 over group 10000",
                          "remove nexthop 10003"));
}

TEST(FibReconcile, AGroupOfAnotherKindThatNoRouteUsesIsRemoved) {
  FakeKernel kernel;
  kernel.bring_to({{web, {a, b}}}, resilient);
  kernel.state.routes.clear();
  EXPECT_THAT(kernel.bring_to({{web, {a, b}}}, plain),
              ElementsAre("add group 10003 of 10001 10002", "add route 10.1.1.0/24 over group 10003",
                          "remove nexthop 10000"));
}

/// Which of five hops each of four prefixes has.
using Choice = std::array<std::array<bool, 5>, 4>;

Routes routes_from(const Choice& choice) {
  Routes routes;
  for (std::size_t p = 0; p < choice.size(); ++p)
    for (std::size_t h = 0; h < choice[p].size(); ++h)
      if (choice[p][h])
        routes[net("10." + std::to_string(p) + ".0.0/16")].insert(
            {ip("10.0.0." + std::to_string(h + 1)), h % 2 ? eth0 : eth1});
  return routes;
}

RC_GTEST_PROP(FibReconcileProperty, AnyTableBecomesAnyOtherInStepsThatTheKernelAccepts, (bool is_resilient)) {
  const GroupKind kind = is_resilient ? resilient : plain;
  const auto tables = *rc::gen::resize(8, rc::gen::arbitrary<std::vector<Choice>>());
  FakeKernel kernel;
  for (const auto& choice : tables) {
    const Routes before = installed(kernel.state), wanted = routes_from(choice);
    std::size_t differ = 0;
    for (const auto& [prefix, hops] : wanted) differ += !before.contains(prefix) || before.at(prefix) != hops;
    for (const auto& [prefix, hops] : before) differ += !wanted.contains(prefix);
    std::size_t route_and_group_changes = 0;
    for (const Change& change : reconcile(wanted, kind, kernel.state)) {
      kernel.apply(change);
      route_and_group_changes += !std::holds_alternative<AddHop>(change) &&
                                 !std::holds_alternative<RemoveNexthop>(change) &&
                                 !std::holds_alternative<AddRoute>(change);
      // A prefix of both tables is never without a route to hops of one of them.
      const Routes now = installed(kernel.state);
      for (const auto& [prefix, hops] : wanted)
        if (before.contains(prefix))
          RC_ASSERT(now.contains(prefix) && (now.at(prefix) == hops || now.at(prefix) == before.at(prefix)));
    }
    RC_ASSERT(route_and_group_changes == differ);  // one for each prefix that differs, none for another
    RC_ASSERT(installed(kernel.state) == wanted);
    RC_ASSERT(reconcile(wanted, kind, kernel.state).empty());
    std::set<Hop> used;
    for (const auto& [prefix, hops] : wanted) used.insert(hops.begin(), hops.end());
    RC_ASSERT(kernel.state.nexthops.size() == wanted.size() + used.size());
  }
}

RC_GTEST_PROP(FibReconcileProperty, GroupsOfAnyKindBecomeAnyOtherWithoutARouteMissed, ()) {
  const std::vector<GroupKind> kinds{plain, resilient, nl::Nexthop::Resilient{.buckets = 64},
                                     nl::Nexthop::Resilient{.idle_timer_s = 5}};
  const auto tables =
      *rc::gen::resize(8, rc::gen::container<std::vector<std::pair<std::size_t, Choice>>>(rc::gen::pair(
                              rc::gen::inRange<std::size_t>(0, kinds.size()), rc::gen::arbitrary<Choice>())));
  FakeKernel kernel;
  for (const auto& [kind, choice] : tables) {
    const Routes before = installed(kernel.state), wanted = routes_from(choice);
    for (const Change& change : reconcile(wanted, kinds[kind], kernel.state)) {
      kernel.apply(change);
      const Routes now = installed(kernel.state);
      for (const auto& [prefix, hops] : wanted)
        if (before.contains(prefix))
          RC_ASSERT(now.contains(prefix) && (now.at(prefix) == hops || now.at(prefix) == before.at(prefix)));
    }
    RC_ASSERT(installed(kernel.state) == wanted);
    RC_ASSERT(reconcile(wanted, kinds[kind], kernel.state).empty());
    std::size_t groups = 0;
    for (const auto& nexthop : kernel.state.nexthops) {
      if (nexthop.members.empty()) continue;
      RC_ASSERT(nexthop.resilient == kinds[kind]);
      ++groups;
    }
    RC_ASSERT(groups == wanted.size());
  }
}

nl::Route connected(const char* prefix, int link) {
  return {.destination = net(prefix), .protocol = 2, .next_hops = {{.link = link}}};
}

TEST(FibResolve, ANextHopOnALinkIsReachedDirectly) {
  const std::vector<nl::Route> routes{connected("10.0.0.0/16", eth0), connected("fd00::/64", eth1)};
  EXPECT_EQ(resolve(ip("10.0.0.105"), routes), a);
  EXPECT_EQ(resolve(ip("fd00::105"), routes), (Hop{ip("fd00::105"), eth1}));
  EXPECT_EQ(resolve(ip("192.0.2.1"), routes), std::nullopt);
}

TEST(FibResolve, ARemoteNextHopIsReachedByTheLongestMatchesGateway) {
  const std::vector<nl::Route> routes{
      connected("10.0.0.0/16", eth0),
      {.destination = net("172.16.0.0/16"), .next_hops = {{ip("10.0.0.1"), eth0}}},
      {.destination = net("172.16.5.0/24"), .metric = 10, .next_hops = {{ip("10.0.0.3"), eth0}}},
      {.destination = net("172.16.5.0/24"), .metric = 5, .next_hops = {{ip("10.0.0.2"), eth0}}}};
  EXPECT_EQ(resolve(ip("172.16.4.1"), routes), (Hop{ip("10.0.0.1"), eth0}));
  EXPECT_EQ(resolve(ip("172.16.5.1"), routes), (Hop{ip("10.0.0.2"), eth0}));
}

TEST(FibResolve, NeitherBgpNorADefaultRouteNorABlackholeIsAWay) {
  const std::vector<nl::Route> routes{
      {.destination = net("0.0.0.0/0"), .next_hops = {{ip("10.0.0.1"), eth0}}},
      {.destination = net("10.1.1.0/24"), .protocol = protocol, .next_hops = {{ip("10.0.0.1"), eth0}}},
      {.destination = net("10.2.0.0/16"), .next_hops = {{ip("10.0.0.1"), eth0}}},
      {.destination = net("10.2.2.0/24"), .type = 6}};
  EXPECT_EQ(resolve(ip("192.0.2.1"), routes), std::nullopt);
  EXPECT_EQ(resolve(ip("10.1.1.1"), routes), std::nullopt);
  EXPECT_EQ(resolve(ip("10.2.2.1"), routes), std::nullopt);
  EXPECT_EQ(resolve(ip("10.2.1.1"), routes), (Hop{ip("10.0.0.1"), eth0}));
}

}  // namespace
}  // namespace lbcore::fib
