#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/neighbour.hpp"
#include "lab/nl/nexthop.hpp"
#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"
#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

/// A namespace with lo up and a veth "eth0" (10.9.0.1/24) whose other end is up too.
class Netlink : public ::testing::Test {
 protected:
  void SetUp() override {
    socket_.queue(nl::add_veth({.name = "eth0", .index = eth0, .up = true}, {.name = "far", .index = 8}));
    socket_.queue(nl::set_link({.index = 8, .up = true}));
    socket_.queue(nl::set_link({.index = 1, .up = true}));
    socket_.queue(nl::set_address({eth0, prefix("10.9.0.1/24")}));
    ASSERT_TRUE(socket_.flush().empty());
  }
  nlohmann::json ip(const std::string& arguments) { return fixtures::ip(netns_, arguments); }

  static constexpr int eth0 = 7;
  sys::Netns netns_ = sys::Netns::create();
  nl::Socket socket_{netns_};
};

nl::Route route(int n, const char* via = "10.9.0.9") {
  return {.destination = {address("10.64.0.0") + static_cast<std::uint64_t>(n) * 256, 24},
          .next_hops = {{address(via)}}};
}

TEST_F(Netlink, ABatchSaysWhichOfItsManyMessagesFailed) {
  std::vector<std::uint64_t> expected;
  for (int n = 0; n < 1000; ++n) {
    const bool bad = n % 97 == 0;
    socket_.queue(nl::add_route(route(n, bad ? "10.77.0.1" : "10.9.0.9")),
                  5000 + static_cast<std::uint64_t>(n));
    if (bad) expected.push_back(5000 + static_cast<std::uint64_t>(n));
  }
  std::vector<std::uint64_t> failed;
  for (const auto& failure : socket_.flush()) {
    failed.push_back(failure.cookie);
    EXPECT_EQ(failure.error, ENETUNREACH);
    EXPECT_EQ(failure.reason, "Nexthop has invalid gateway");
  }
  EXPECT_EQ(failed, expected);
  EXPECT_EQ(ip("route show proto static").size(), 1000 - expected.size());
  EXPECT_FALSE(socket_.has_queued());
}

TEST_F(Netlink, ABatchInWhichEverythingFailsLosesNoAnswer) {
  for (int n = 0; n < 3000; ++n) socket_.queue(nl::delete_route(route(n)), static_cast<std::uint64_t>(n));
  const auto failures = socket_.flush();
  ASSERT_EQ(failures.size(), 3000u);
  for (std::uint64_t n = 0; n < 3000; ++n) ASSERT_EQ(failures[n].cookie, n);
}

TEST_F(Netlink, ASingleRequestThrowsWithWhatWasAttemptedAndTheKernelsWord) {
  try {
    socket_.request("add route 10.64.0.0/24", nl::add_route(route(0, "10.77.0.1")));
    FAIL();
  } catch (const sys::SystemError& error) {
    EXPECT_EQ(error.code().value(), ENETUNREACH);
    EXPECT_STREQ(error.what(),
                 "add route 10.64.0.0/24 (Nexthop has invalid gateway): Network is unreachable");
  }
  EXPECT_THROW(nl::link_named(socket_, "nothing"), sys::SystemError);
  EXPECT_EQ(nl::link_named(socket_, "eth0").index, eth0) << "the socket is of use after a refusal";
}

TEST_F(Netlink, WhatIpWritesIsReadAndWhatWeWriteIpReads) {
  ip("route add 10.1.1.0/24 proto bgp metric 20 src 10.9.0.1 advmss 1440 nexthop via 10.9.0.5 weight 3 "
     "nexthop via "
     "10.9.0.6");
  ip("route add unreachable 10.1.2.0/24 table 77");
  std::vector<nl::Route> ours;
  for (const auto& r : nl::routes(socket_, AF_INET))
    if (r.table != RT_TABLE_LOCAL && r.protocol != RTPROT_KERNEL) ours.push_back(r);
  const nl::Route expected{.destination = prefix("10.1.1.0/24"),
                           .protocol = 186,
                           .metric = 20,
                           .source = address("10.9.0.1"),
                           .next_hops = {{address("10.9.0.5"), eth0, 3}, {address("10.9.0.6"), eth0, 1}},
                           .advmss = 1440};
  ASSERT_EQ(ours.size(), 2u);
  EXPECT_TRUE(ours[0] == expected || ours[1] == expected);
  socket_.request("remove",
                  nl::delete_route({.destination = prefix("10.1.1.0/24"), .protocol = 0, .metric = 20}));
  EXPECT_EQ(ip("route show 10.1.1.0/24").size(), 0u);
  socket_.request("add", nl::add_route(expected));
  const auto seen = ip("route show 10.1.1.0/24")[0];
  EXPECT_EQ(seen["metric"], 20);
  EXPECT_EQ(seen["prefsrc"], "10.9.0.1");
  EXPECT_EQ(seen["metrics"][0]["advmss"], 1440);
  EXPECT_EQ(find(seen["nexthops"], "gateway", "10.9.0.5")["weight"], 3);
  EXPECT_THROW(socket_.request("again", nl::add_route(expected)), sys::SystemError);
  EXPECT_NO_THROW(socket_.request("in its place", nl::replace_route(expected)));
}

TEST_F(Netlink, NexthopGroupsAreAddedChangedListedAndRemoved) {
  for (std::uint32_t id = 1; id <= 3; ++id)
    socket_.queue(
        nl::add_nexthop({.id = id, .protocol = 186, .via = address("10.9.0.4") + id, .link = eth0}));
  socket_.queue(nl::add_nexthop({.id = 10, .protocol = 186, .members = {{1}, {2, 5}}}));
  const nl::Nexthop resilient{.id = 11,
                              .protocol = 186,
                              .members = {{1}, {2}, {3}},
                              .resilient = nl::Nexthop::Resilient{32, 60, 300}};
  socket_.queue(nl::add_nexthop(resilient));
  socket_.queue(nl::add_route({.destination = prefix("10.1.1.0/24"), .protocol = 186, .nexthop_id = 10}));
  ASSERT_TRUE(socket_.flush().empty());
  const auto seen = ip("nexthop");
  EXPECT_EQ(find(seen, "id", 2)["gateway"], "10.9.0.6");
  EXPECT_EQ(find(find(seen, "id", 10)["group"], "id", 2)["weight"], 5);
  EXPECT_EQ(find(seen, "id", 11)["type"], "resilient");
  EXPECT_EQ(find(seen, "id", 11)["resilient_args"]["buckets"], 32);
  EXPECT_EQ(find(seen, "id", 11)["resilient_args"]["idle_timer"], 60);
  EXPECT_EQ(find(seen, "id", 11)["resilient_args"]["unbalanced_timer"], 300);
  EXPECT_EQ(ip("route show 10.1.1.0/24")[0]["nhid"], 10);
  const auto listed = nl::nexthops(socket_);
  ASSERT_EQ(listed.size(), 5u);
  EXPECT_EQ(listed.back(), resilient);
  socket_.request("replace", nl::replace_nexthop({.id = 10, .protocol = 186, .members = {{3}}}));
  EXPECT_EQ(nl::routes(socket_, AF_INET).front().next_hops.size(), 1u);
  socket_.request("remove", nl::delete_nexthop(10));
  EXPECT_EQ(ip("route show 10.1.1.0/24").size(), 0u) << "the route goes with its group";
}

/// What fibd has to live with: see nexthop.hpp.
TEST_F(Netlink, ANexthopGoesWithTheCarrierOfItsLink) {
  socket_.request("add", nl::add_nexthop({.id = 1, .via = address("10.9.0.5"), .link = eth0}));
  socket_.request("far end down", nl::set_link({.index = 8, .up = false}));
  EXPECT_THROW(socket_.request("again", nl::add_nexthop({.id = 2, .via = address("10.9.0.5"), .link = eth0})),
               sys::SystemError);
  EXPECT_EQ(ip("nexthop").size(), 0u);
}

TEST_F(Netlink, NeighboursAndAddressesAreListed) {
  ip("neigh add 10.9.0.5 lladdr 02:00:00:00:00:05 dev eth0");
  const nl::Neighbour expected{.link = eth0, .address = address("10.9.0.5"), .mac = "02:00:00:00:00:05"};
  const auto all = nl::neighbours(socket_);
  EXPECT_NE(std::find(all.begin(), all.end(), expected), all.end());
  const auto addresses = nl::addresses(socket_);
  EXPECT_NE(std::find(addresses.begin(), addresses.end(), nl::LinkAddress{eth0, prefix("10.9.0.1/24")}),
            addresses.end());
  socket_.request("remove", nl::delete_neighbour(expected));
  EXPECT_TRUE(find(ip("neigh"), "dst", "10.9.0.5").is_null());
}

TEST_F(Netlink, AMessageThatWouldNotFitIsNeverSentHalf) {
  nl::Route wide = route(0);
  for (int i = 0; i < 2000; ++i) wide.next_hops.push_back({address("10.9.0.9"), eth0});
  EXPECT_THROW(nl::add_route(wide), std::length_error);
}

}  // namespace
}  // namespace lblab
