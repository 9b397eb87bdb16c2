#include <gmock/gmock.h>

#include "lbcore/fib/reconcile.hpp"

namespace lbcore::fib {
namespace {

const Hop node1{*Address::parse("10.0.0.105"), 2};
const Hop node2{*Address::parse("10.0.0.106"), 2};
const Hop node3{*Address::parse("10.0.0.107"), 2};

/// A group's members were in the order in which they had first been heard of. The kernel deals out the flows
/// in the order of the members, so which flows moved when one left differed from run to run, and when the one
/// that left was in the middle by chance, a plain group looked as steady as a resilient one.
TEST(Issues, AGroupsMembersAreInTheOrderOfTheirAddressesWhoeverCameFirst) {
  const Prefix web = *Prefix::parse("10.1.1.0/24");
  Actual kernel;
  std::uint32_t id = first_id + 1;
  for (const Hop& hop : {node2, node3, node1})
    kernel.nexthops.push_back({.id = id++, .protocol = protocol, .via = hop.via, .link = hop.link});

  std::vector<std::uint32_t> members;
  for (const Change& change : reconcile({{web, {node1, node2, node3}}}, std::nullopt, kernel))
    if (const auto* added = std::get_if<AddGroup>(&change)) members = added->members;
  EXPECT_THAT(members, testing::ElementsAre(first_id + 3, first_id + 1, first_id + 2));
}

}  // namespace
}  // namespace lbcore::fib
