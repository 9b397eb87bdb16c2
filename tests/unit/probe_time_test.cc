#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "lab/probe/clock.hpp"
#include "lab/probe/jitter.hpp"
#include "lab/probe/schedule.hpp"

namespace lblab::probe {
namespace {

using namespace std::chrono_literals;

// --- when something is due ---

TEST(ProbeSchedule, ADayLaterItIsStillOnTime) {
  const Schedule three{.start = 100ns, .count = 3, .per = 1s};
  EXPECT_EQ(three.due(0), 100ns);
  EXPECT_EQ(three.due(1), 333333433ns);
  EXPECT_EQ(three.due(2), 666666766ns);
  EXPECT_EQ(three.due(3), 1s + 100ns);
  EXPECT_EQ(three.due(3 * 86'400), 24h + 100ns);
}

TEST(ProbeSchedule, NothingIsDueBeforeItsTime) {
  const Schedule even{.start = 1s, .count = 200, .per = 1s};
  EXPECT_EQ(even.due_by(0ns), 0);
  EXPECT_EQ(even.due_by(1s - 1ns), 0);
  EXPECT_EQ(even.due_by(1s), 1);
  EXPECT_EQ(even.due_by(1s + 5ms - 1ns), 1);
  EXPECT_EQ(even.due_by(1s + 5ms), 2);
  EXPECT_EQ(even.due_by(2s), 201) << "after a second in which it could not act";
}

RC_GTEST_PROP(ProbeSchedule, WhatIsDueByATimeIsWhatIsDueNoLater, ()) {
  const Schedule schedule{.start = nanoseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000)},
                          .count = *rc::gen::inRange<std::int64_t>(1, 2'000),
                          .per = nanoseconds{*rc::gen::inRange<std::int64_t>(1, 2'000'000'000)}};
  const auto n = *rc::gen::inRange<std::int64_t>(0, 100'000);
  const auto due = schedule.due(n);
  RC_ASSERT(schedule.due_by(due) > n);
  const auto time = due + nanoseconds{*rc::gen::inRange<std::int64_t>(-1'000, 1'000)};
  const auto by = schedule.due_by(time);
  RC_ASSERT(by == 0 || schedule.due(by - 1) <= time);
  RC_ASSERT(schedule.due(by) > time);
}

TEST(ProbeClock, RealTimeOfJustNowIsBroughtOver) {
  const auto before = now();
  const auto brought = read_clock(CLOCK_REALTIME) + to_monotonic();
  EXPECT_GT(brought, before - 10ms);
  EXPECT_LT(brought, now() + 10ms);
}

// --- what the kernel tells of its own business ---

TEST(ProbeJitter, StealIsTheEighthNumberOfTheFirstLine) {
  EXPECT_EQ(steal_of("cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3 4 5 6 7 1 9 10\n", 100), 2500ms);
  EXPECT_EQ(steal_of("cpu  1 2 3 4\nintr 5 6 7 8 9\n", 100), std::nullopt);
  EXPECT_EQ(steal_of("", 100), std::nullopt);
}

TEST(ProbeJitter, WaitingIsTheSecondNumberOfSchedstat) {
  EXPECT_EQ(waited_of("123456 7890 12\n"), 7890ns);
  EXPECT_EQ(waited_of("123456\n"), std::nullopt);
  EXPECT_EQ(waited_of(""), std::nullopt);
}

}  // namespace
}  // namespace lblab::probe
