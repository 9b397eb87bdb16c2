#include "lbcore/fib/rib.hpp"

#include <gmock/gmock.h>

namespace lbcore::fib {
namespace {

using namespace std::chrono_literals;

Address at(const char* text) { return *Address::parse(text); }
Prefix net(const char* text) { return *Prefix::parse(text); }

const Prefix web = net("10.1.1.0/24"), other = net("10.1.2.0/24");
const Address a = at("10.0.0.105"), b = at("10.0.0.106"), c = at("10.0.0.107");
const Clock::time_point start{1h};

TEST(FibRib, WhatIsAnnouncedIsDesiredUntilItIsWithdrawn) {
  Rib rib(60s);
  rib.update(web, {a, b});
  rib.update(other, {c});
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b}}, {other, {c}}}));
  rib.update(web, {b});
  rib.update(other, {});
  EXPECT_EQ(rib.desired(), (Desired{{web, {b}}}));
  EXPECT_FALSE(rib.has_stale());
}

TEST(FibRib, RoutesOutliveGobgpdForTheStaleTime) {
  Rib rib(60s);
  rib.update(web, {a, b});
  rib.lose(start);
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b}}}));
  EXPECT_EQ(rib.next_expiry(), start + 60s);
  rib.expire(start + 59s);
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b}}}));
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), Desired{});
  EXPECT_EQ(rib.next_expiry(), std::nullopt);
}

TEST(FibRib, AGobgpdThatComesBackPieceByPieceTakesNoGoodNextHopAway) {
  Rib rib(60s);
  rib.update(web, {a, b, c});
  rib.update(other, {c});
  rib.lose(start);
  rib.update(web, {b});
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b, c}}, {other, {c}}}));
  rib.update(web, {a, b});
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b}}}));
}

TEST(FibRib, AWithdrawalOfWhatWasAnnouncedAgainCountsAtOnce) {
  Rib rib(60s);
  rib.update(web, {a, b});
  rib.lose(start);
  rib.update(web, {a, b});
  rib.update(web, {a});
  EXPECT_EQ(rib.desired(), (Desired{{web, {a}}}));
}

TEST(FibRib, ACompleteTableEndsWhatIsStale) {
  Rib rib(60s);
  rib.update(web, {a, b});
  rib.update(other, {c});
  rib.lose(start);
  rib.update(web, {a});
  rib.complete();
  EXPECT_EQ(rib.desired(), (Desired{{web, {a}}}));
  EXPECT_FALSE(rib.has_stale());
}

TEST(FibRib, AGobgpdThatComesAndGoesDoesNotKeepStaleNextHopsForever) {
  Rib rib(60s);
  rib.update(web, {a, b});
  rib.lose(start);
  rib.update(web, {a});
  rib.lose(start + 40s);  // a has been heard of again, b has not
  EXPECT_EQ(rib.next_expiry(), start + 60s);
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{web, {a}}}));
  EXPECT_EQ(rib.next_expiry(), start + 100s);
}

TEST(FibRib, WhatTheKernelHadIsAdoptedAsStale) {
  Rib rib(60s);
  rib.update(other, {c});
  rib.adopt(web, {a, b}, start);
  rib.adopt(other, {c}, start);
  EXPECT_EQ(rib.desired(), (Desired{{web, {a, b}}, {other, {c}}}));
  rib.update(web, {b, c});
  rib.expire(start + 60s);
  EXPECT_EQ(rib.desired(), (Desired{{web, {b, c}}, {other, {c}}}));
}

}  // namespace
}  // namespace lbcore::fib
