#include "lbcore/fib/rib.hpp"

#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"

namespace lbcore::fib {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using namespace std::chrono_literals;

const Prefix one = net("10.1.1.0/24"), another = net("10.1.2.0/24");
const Address node1 = ip("10.0.0.105"), node2 = ip("10.0.0.106"), node3 = ip("10.0.0.107");
const Clock::time_point start{1h};

TEST(FibRib, WhatIsAnnouncedIsDesiredUntilItIsWithdrawn) {
  Rib rib(60s);
  rib.update(one, {node1, node2});
  rib.update(another, {node3});
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2}}, {another, {node3}}}));
  rib.update(one, {node2});
  rib.update(another, {});
  EXPECT_EQ(rib.desired(), (Desired{{one, {node2}}}));
  EXPECT_FALSE(rib.has_stale());
}

TEST(FibRib, RoutesOutliveGobgpdForTheStaleTime) {
  Rib rib(60s);
  rib.update(one, {node1, node2});
  rib.lose(start);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2}}}));
  EXPECT_EQ(rib.next_expiry(), start + 60s);
  rib.expire(start + 59s);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2}}}));
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), Desired{});
  EXPECT_EQ(rib.next_expiry(), std::nullopt);
}

TEST(FibRib, AGobgpdThatComesBackPieceByPieceTakesNoGoodNextHopAway) {
  Rib rib(60s);
  rib.update(one, {node1, node2, node3});
  rib.update(another, {node3});
  rib.lose(start);
  rib.update(one, {node2});
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2, node3}}, {another, {node3}}}));
  rib.update(one, {node1, node2});
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2}}}));
}

TEST(FibRib, AWithdrawalOfWhatWasAnnouncedAgainCountsAtOnce) {
  Rib rib(60s);
  rib.update(one, {node1, node2});
  rib.lose(start);
  rib.update(one, {node1, node2});
  rib.update(one, {node1});
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1}}}));
}

TEST(FibRib, ACompleteTableEndsWhatIsStale) {
  Rib rib(60s);
  rib.update(one, {node1, node2});
  rib.update(another, {node3});
  rib.lose(start);
  rib.update(one, {node1});
  rib.complete();
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1}}}));
  EXPECT_FALSE(rib.has_stale());
}

TEST(FibRib, AGobgpdThatComesAndGoesDoesNotKeepStaleNextHopsForever) {
  Rib rib(60s);
  rib.update(one, {node1, node2});
  rib.lose(start);
  rib.update(one, {node1});
  rib.lose(start + 40s);  // node1 has been heard of again, node2 has not
  EXPECT_EQ(rib.next_expiry(), start + 60s);
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1}}}));
  EXPECT_EQ(rib.next_expiry(), start + 100s);
}

TEST(FibRib, WhatTheKernelHadIsAdoptedAsStale) {
  Rib rib(60s);
  rib.update(another, {node3});
  rib.adopt(one, {node1, node2}, start);
  rib.adopt(another, {node3}, start);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node1, node2}}, {another, {node3}}}));
  rib.update(one, {node2, node3});
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{one, {node2, node3}}, {another, {node3}}}));
}

}  // namespace
}  // namespace lbcore::fib
