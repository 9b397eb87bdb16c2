#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "fixtures/addresses.hpp"
#include "fixtures/tables.hpp"
#include "lbcore/ipvs/reconcile.hpp"

namespace lbcore::ipvs {
namespace {

using lblab::fixtures::any_table;
using lblab::fixtures::ip;
using testing::ElementsAre;
using testing::IsEmpty;

/// What the kernel does with a change, and what it refuses.
void apply(Table& table, const Change& change) {
  const auto find = [&](const ServiceKey& key) {
    return std::ranges::find(table, key, &VirtualService::key);
  };
  const auto existing = [&](const ServiceKey& key) -> VirtualService& {
    const auto it = find(key);
    if (it == table.end()) throw std::runtime_error("no such service: " + describe(change));
    return *it;
  };
  const auto destination = [](VirtualService& s, const Address& address, std::uint16_t port) {
    return std::ranges::find_if(s.destinations,
                                [&](const auto& d) { return d.address == address && d.port == port; });
  };
  if (const auto* c = std::get_if<AddService>(&change)) {
    if (find(c->service.key) != table.end()) throw std::runtime_error("service exists: " + describe(change));
    table.push_back(c->service);
  } else if (const auto* c = std::get_if<EditService>(&change)) {
    auto& s = existing(c->service.key);
    auto kept = std::move(s.destinations);
    s = c->service;
    s.destinations = std::move(kept);
  } else if (const auto* c = std::get_if<RemoveService>(&change)) {
    existing(c->service);
    table.erase(find(c->service));
  } else if (const auto* c = std::get_if<AddDestination>(&change)) {
    auto& s = existing(c->service);
    if (destination(s, c->destination.address, c->destination.port) != s.destinations.end())
      throw std::runtime_error("destination exists: " + describe(change));
    s.destinations.push_back(c->destination);
  } else if (const auto* c = std::get_if<EditDestination>(&change)) {
    auto& s = existing(c->service);
    const auto it = destination(s, c->destination.address, c->destination.port);
    if (it == s.destinations.end()) throw std::runtime_error("no such destination: " + describe(change));
    *it = c->destination;
  } else if (const auto* c = std::get_if<RemoveDestination>(&change)) {
    auto& s = existing(c->service);
    const auto it = destination(s, c->address, c->port);
    if (it == s.destinations.end()) throw std::runtime_error("no such destination: " + describe(change));
    s.destinations.erase(it);
  }
  std::ranges::sort(table, {}, &VirtualService::key);
  for (auto& s : table) std::ranges::sort(s.destinations);
}

std::vector<std::string> lines(const std::vector<Change>& changes) {
  std::vector<std::string> out;
  for (const auto& c : changes) out.push_back(describe(c));
  return out;
}

Destination real(std::string_view address, int weight = 1) {
  return {.address = ip(address), .port = 80, .weight = weight};
}
VirtualService service(ServiceKey key) {
  VirtualService s;
  s.key = key;
  return s;
}
VirtualService web(std::vector<Destination> destinations, std::string scheduler = "lc") {
  VirtualService s = service(ByMark{1});
  s.scheduler = std::move(scheduler);
  s.destinations = std::move(destinations);
  return s;
}

TEST(Reconcile, AnEmptyKernelGetsTheServiceAndThenItsRealServers) {
  EXPECT_THAT(lines(reconcile({web({real("172.16.1.3"), real("172.16.2.3", 2)})}, {})),
              ElementsAre("add service fwmark 1: lc",
                          "add destination 172.16.1.3:80 to service fwmark 1: nat, weight 1",
                          "add destination 172.16.2.3:80 to service fwmark 1: nat, weight 2"));
}

TEST(Reconcile, EqualTablesNeedNothing) {
  const Table table{web({real("172.16.1.3"), real("172.16.2.3")})};
  EXPECT_THAT(reconcile(table, table), IsEmpty());
}

TEST(Reconcile, AReplacementIsAddedBeforeTheOldRealServerGoes) {
  EXPECT_THAT(lines(reconcile({web({real("172.16.2.3")})}, {web({real("172.16.1.3")})})),
              ElementsAre("add destination 172.16.2.3:80 to service fwmark 1: nat, weight 1",
                          "remove destination 172.16.1.3:80 from service fwmark 1"));
}

TEST(Reconcile, AWeightIsRaisedBeforeAnotherIsLowered) {
  EXPECT_THAT(lines(reconcile({web({real("172.16.1.3", 0), real("172.16.2.3", 1)})},
                              {web({real("172.16.1.3", 1), real("172.16.2.3", 0)})})),
              ElementsAre("edit destination 172.16.2.3:80 of service fwmark 1: nat, weight 1",
                          "edit destination 172.16.1.3:80 of service fwmark 1: nat, weight 0"));
}

TEST(Reconcile, ANewSchedulerIsAnEditThatKeepsTheRealServers) {
  EXPECT_THAT(lines(reconcile({web({real("172.16.1.3")}, "mh")}, {web({real("172.16.1.3")}, "lc")})),
              ElementsAre("edit service fwmark 1: mh"));
}

TEST(Reconcile, NewFlagsPersistenceAndNetmaskAreOneEdit) {
  VirtualService persistent = web({real("172.16.1.3")});
  persistent.flags = 1;
  persistent.persistence_timeout_s = 300;
  persistent.netmask = 0xffffff00;
  EXPECT_THAT(lines(reconcile({persistent}, {web({real("172.16.1.3")})})),
              ElementsAre("edit service fwmark 1: lc, flags 0x1, timeout 300 s, netmask 0xffffff00"));
}

TEST(Reconcile, NewForwardingAndThresholdsAreEdits) {
  Destination tunnel = real("172.16.1.3");
  tunnel.forwarding = Forwarding::tunnel;
  tunnel.upper_threshold = 100;
  tunnel.lower_threshold = 50;
  EXPECT_THAT(
      lines(reconcile({web({tunnel})}, {web({real("172.16.1.3")})})),
      ElementsAre(
          "edit destination 172.16.1.3:80 of service fwmark 1: tunnel, weight 1, thresholds 50 to 100"));
}

TEST(Reconcile, AServiceThatGoesTakesItsRealServersAlongInOneChange) {
  EXPECT_THAT(lines(reconcile({}, {web({real("172.16.1.3"), real("172.16.2.3")})})),
              ElementsAre("remove service fwmark 1"));
}

TEST(Reconcile, ServicesAreKnownByMarkFamilyAddressPortAndProtocol) {
  EXPECT_THAT(
      lines(reconcile({service(ByAddress{ip("10.1.1.1"), 80}),
                       service(ByAddress{ip("fd00::1"), 53, Protocol::udp}), service(ByMark{1, true})},
                      {service(ByMark{1})})),
      ElementsAre("add service tcp 10.1.1.1:80: lc", "add service udp [fd00::1]:53: lc",
                  "add service fwmark 1 (IPv6): lc", "remove service fwmark 1"));
}

TEST(Reconcile, OneRealServerAddressOnTwoPortsIsTwoDestinations) {
  Destination other_port = real("172.16.1.3");
  other_port.port = 8080;
  EXPECT_THAT(lines(reconcile({web({real("172.16.1.3")})}, {web({real("172.16.1.3"), other_port})})),
              ElementsAre("remove destination 172.16.1.3:8080 from service fwmark 1"));
}

std::map<std::pair<Address, std::uint16_t>, Destination> by_endpoint(const VirtualService& s) {
  std::map<std::pair<Address, std::uint16_t>, Destination> out;
  for (const auto& d : s.destinations) out[{d.address, d.port}] = d;
  return out;
}

const VirtualService* find(const Table& table, const ServiceKey& key) {
  const auto it = std::ranges::find(table, key, &VirtualService::key);
  return it == table.end() ? nullptr : &*it;
}

bool takes_connections(const VirtualService& s) {
  return std::ranges::any_of(s.destinations, [](const Destination& d) { return d.weight > 0; });
}

/// Calls f(table) before the first change and after every one; returns the last table.
template <class F>
Table walk(const Table& desired, Table actual, F f) {
  f(actual);
  for (const auto& change : reconcile(desired, actual)) {
    apply(actual, change);
    f(actual);
  }
  return actual;
}

RC_GTEST_PROP(ReconcileProperty, EveryChangeIsPossibleAndTheEndIsAsDesired, ()) {
  const Table desired = *any_table(), actual = *any_table();
  RC_ASSERT(walk(desired, actual, [](const Table&) {}) == desired);
}

RC_GTEST_PROP(ReconcileProperty, ATableReconciledOnceNeedsNothingMore, ()) {
  const Table desired = *any_table(), actual = *any_table();
  RC_ASSERT(reconcile(desired, walk(desired, actual, [](const Table&) {})).empty());
}

/// A lower bound counted apart: each service and each destination that differs needs one message, no more.
RC_GTEST_PROP(ReconcileProperty, NoFewerChangesWouldDo, ()) {
  const Table desired = *any_table(), actual = *any_table();
  std::size_t least = 0;
  for (const auto& have : actual) least += !find(desired, have.key);
  for (const auto& want : desired) {
    const VirtualService* have = find(actual, want.key);
    const auto wanted = by_endpoint(want), present = have ? by_endpoint(*have) : by_endpoint({});
    least += !have || std::tie(want.scheduler, want.flags, want.persistence_timeout_s, want.netmask) !=
                          std::tie(have->scheduler, have->flags, have->persistence_timeout_s, have->netmask);
    for (const auto& [key, d] : wanted) least += !present.contains(key) || present.at(key) != d;
    for (const auto& [key, d] : present) least += !wanted.contains(key);
  }
  RC_ASSERT(reconcile(desired, actual).size() == least);
}

RC_GTEST_PROP(ReconcileProperty, WhatIsInBothTablesIsNeverAbsent, ()) {
  const Table desired = *any_table(), actual = *any_table();
  walk(desired, actual, [&](const Table& now) {
    for (const auto& want : desired) {
      const VirtualService* had = find(actual, want.key);
      if (!had) continue;
      const VirtualService* has = find(now, want.key);
      RC_ASSERT(has);
      const auto before = by_endpoint(*had), present = by_endpoint(*has);
      for (const auto& [key, d] : by_endpoint(want))
        RC_ASSERT(!before.contains(key) || present.contains(key));
    }
  });
}

/// One service on four real servers, of which each is absent or has weight 0 or 1.
rc::Gen<VirtualService> any_weights() {
  return rc::gen::map(
      rc::gen::container<std::array<int, 4>>(rc::gen::element(-1, 0, 0, 0, 1)), [](const auto& weights) {
        VirtualService s = web({});
        for (std::size_t i = 0; i < weights.size(); ++i)
          if (weights[i] >= 0)
            s.destinations.push_back({.address = ip("172.16.0.0") + i, .port = 80, .weight = weights[i]});
        return s;
      });
}

RC_GTEST_PROP(ReconcileProperty, AServiceThatTakesConnectionsBeforeAndAfterTakesThemAllAlong, ()) {
  const VirtualService want = *rc::gen::suchThat(any_weights(), takes_connections);
  const VirtualService had = *rc::gen::suchThat(any_weights(), takes_connections);
  walk({want}, {had}, [&](const Table& now) { RC_ASSERT(takes_connections(now.at(0))); });
}

}  // namespace
}  // namespace lbcore::ipvs
