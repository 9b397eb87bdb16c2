#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "lab/expect/noise.hpp"
#include "tests/unit/expect_stage.hpp"

/// The contention guard: under lateness that was recorded a true result never fails, a false one never
/// passes.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;
using End = probe::Request::End;
using expect::Outcome;
using testing::HasSubstr;

model::RouteExpectation without_node2() {
  return {"router", *sys::Prefix::parse("10.1.1.0/24"), {"node1", "node3"}};
}

/// A machine that stood still `stalls` times in the window; what took `took` on an idle one took so much
/// longer.
struct Busy {
  double took = 0, longer = 0;
  std::vector<double> at;
  double by = 0;
};

/// Any, such that each stall held the chain up for at most its length.
rc::Gen<Busy> busy() {
  return rc::gen::exec([] {
    Busy busy;
    busy.took = *rc::gen::inRange(1, 2000) * 0.001;
    busy.by = *rc::gen::inRange(3, 400) * 0.001;
    const int stalls = *rc::gen::inRange(1, 8);
    for (int i = 0; i < stalls; ++i) busy.at.push_back(1 + i * busy.by * 1.1);
    busy.longer = busy.by * stalls * *rc::gen::inRange(0, 101) * 0.01;
    return busy;
  });
}

RC_GTEST_PROP(ExpectNoise, ATrueDelayNeverFailsAndAFalseOneNeverPasses, ()) {
  const Busy busy = *test::busy();
  Stage stage;
  stage.lose_balancer(1, 2, busy.took + busy.longer);
  stage.stall(busy.at, busy.by);
  stage.expect(within(1s, without_node2()));
  const auto outcome = stage.finding().outcome;
  RC_ASSERT(outcome != (busy.took <= 1 ? Outcome::failed : Outcome::passed));
}

RC_GTEST_PROP(ExpectNoise, ATrueOutageNeverFailsAndAFalseOneNeverPasses, ()) {
  const Busy busy = *test::busy();
  const bool is_lower = *rc::gen::arbitrary<bool>();
  Stage stage;
  stage.lose_balancer(1, 2, busy.took + busy.longer);
  stage.stall(busy.at, busy.by);
  stage.udp(3, 0, 7, [&](int flow, double t) {
    if (Stage::usual(flow) != 2 || t < 1) return Stage::usual(flow);
    return t < 1 + busy.took + busy.longer ? 0 : 1;
  });
  // Datagrams are 10 ms apart: what lies that near to the limit is told by neither.
  if (is_lower) {
    stage.expect(in_window(model::OutageExpectation{.min = 1s}));
    const auto outcome = stage.finding().outcome;
    RC_ASSERT(busy.took >= 0.99 || outcome != Outcome::passed);
    RC_ASSERT(busy.took < 1.01 || outcome != Outcome::failed);
  } else {
    stage.expect(in_window(model::OutageExpectation{.max = 1s}));
    const auto outcome = stage.finding().outcome;
    RC_ASSERT(busy.took <= 1.01 || outcome != Outcome::passed);
    RC_ASSERT(busy.took > 0.99 || outcome != Outcome::failed);
  }
}

TEST(ExpectNoise, WithoutARecordNothingIsExcused) {
  Stage stage;
  stage.lose_balancer(1, 2, 1.001);
  stage.expect(within(1s, without_node2()));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectNoise, AMissThatLatenessCouldExplainIsInconclusiveAndNamesIt) {
  Stage stage;
  stage.lose_balancer(1, 2, 1.1);
  stage.stall({1.2, 1.5}, 0.05);
  stage.expect(within(1s, without_node2()));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::inconclusive);
  EXPECT_THAT(finding.seen, HasSubstr("late by up to 0.050 s (0.100 s in all)"));
  EXPECT_NEAR(finding.jitter, 0.05, 1e-9);
  EXPECT_EQ(stage.judge().outcome, Outcome::inconclusive);
}

TEST(ExpectNoise, AMissFarBeyondTheLatenessStillFails) {
  Stage stage;
  stage.lose_balancer(1, 2, 3);
  stage.stall({1.2, 1.5}, 0.05);
  stage.expect(within(1s, without_node2()));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectNoise, LatenessOutsideOfTheWindowExcusesNothing) {
  Stage stage;
  stage.lose_balancer(1, 2, 1.1);
  stage.stall({0.1, 3}, 0.5);
  stage.expect(within(1s, without_node2()));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectNoise, WhatNeverCameIsExcusedOnlyByMuchLateness) {
  for (const auto& [by, outcome] :
       {std::pair{0.01, Outcome::failed}, std::pair{0.3, Outcome::inconclusive}}) {
    Stage stage;
    stage.act(1, model::FreezeProcess{"web-lb-2", "exabgp"});
    stage.stall({1.3}, by);
    stage.expect(within(1s, without_node2()));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectNoise, APassUnderLatenessIsAPass) {
  Stage stage;
  stage.lose_balancer(1, 2, 0.9);
  stage.stall({1.1, 1.3, 1.5}, 0.15);
  stage.expect(within(1s, without_node2()));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
}

TEST(ExpectNoise, AnOutageThatOnlyABusyMachineMadeLongEnoughDoesNotPassAsLongEnough) {
  Stage stage;
  stage.lose_balancer(1, 2, 3.1);
  stage.udp(3, 0, 9, [&](int flow, double t) { return flow == 1 && t >= 1 && t < 4.1 ? 0 : 1; });
  stage.expect(in_window(model::OutageExpectation{.min = 3s}));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
  stage.stall({1.2, 2.2}, 0.1);
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

TEST(ExpectNoise, ASenderThatPausedDidNotSeeThatThereWasNoOutage) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.udp(2, 0, 9, [](int, double) { return 1; });
  std::erase_if(stage.evidence.records.udp->sent, [](const auto& sent) { return sent.number > 300; });
  std::erase_if(stage.evidence.records.udp->echoes, [](const auto& echo) { return echo.number > 300; });
  for (auto& sent : stage.evidence.records.udp->sent)
    if (sent.number > 200) sent.at += 2s;
  for (auto& echo : stage.evidence.records.udp->echoes)
    if (echo.number > 200) echo.at += 2s;
  stage.expect(in_window(model::OutageExpectation{.max = 1s}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::inconclusive);
  EXPECT_THAT(finding.seen, HasSubstr("the probe itself sent nothing for 2.01 s"));
}

TEST(ExpectNoise, RequestsThatTimedOutOnABusyMachineAreInconclusive) {
  for (const auto& [end, outcome] :
       {std::pair{End::timed_out, Outcome::inconclusive}, std::pair{End::refused, Outcome::failed}}) {
    Stage stage;
    stage.scenario.traffic.http->timeout = 500ms;
    stage.act(1, model::ReloadProcess{"router", "fibd"});
    for (int i = 0; i < 50; ++i) stage.request(1.1 + i * 0.02, i == 20 ? end : End::answered);
    stage.stall({1.4}, 0.2);
    stage.expect(in_window(model::RequestExpectation{}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectNoise, FewMoreFailuresThanAllowedDuringALongerConvergenceAreInconclusive) {
  for (const auto& [failed, outcome] :
       {std::pair{12, Outcome::inconclusive}, std::pair{60, Outcome::failed}}) {
    Stage stage;
    stage.lose_balancer(1, 2);
    for (int i = 0; i < 100; ++i) stage.request(1.1 + i * 0.02, i < failed ? End::refused : End::answered);
    stage.stall({1.05, 1.2}, 0.02);
    stage.expect(in_window(model::RequestExpectation{.failed = 10}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectNoise, SessionsLostWhileTheMachineStoodForSecondsAreInconclusive) {
  for (const auto& [by, outcome] :
       {std::pair{0.02, Outcome::failed}, std::pair{2.5, Outcome::inconclusive}}) {
    Stage stage;
    stage.act(1, model::ReloadProcess{"router", "fibd"});
    stage.stall({2}, by);
    stage.session(5, "web-lb-2", false);
    stage.expect(throughout(0ms, model::SessionExpectation{"rr", {"web", "router"}}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectNoise, AnEventAtTheEdgeOfAStallIsNotSaidToBeOutsideOfTheWindow) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(never(without_node2()));
  stage.act(3, model::ReloadProcess{"router", "fibd"});
  stage.route(3.05, {"node1", "node3"});  // read only then; it may have been so before the second action
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
  stage.stall({2.95}, 0.1);
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive) << text(stage.finding());
}

TEST(ExpectNoise, AnOrderThatLateReadersMayHaveTurnedAroundIsInconclusive) {
  for (const bool is_busy : {false, true}) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-lb-2", "lbd", 15, false});
    stage.route(1.500, {"node1", "node3"});
    stage.announce(1.502, 2, false);  // lbd's own words, that came through a pipe
    stage.expect(within(
        1s, model::OrderExpectation{{{{"event", "announce"}}, {{"event", "route"}, {"host", "router"}}}}));
    if (is_busy) stage.stall({1.49}, 0.02);
    EXPECT_EQ(stage.finding().outcome, is_busy ? Outcome::inconclusive : Outcome::failed)
        << text(stage.finding());
  }
}

TEST(ExpectNoise, LatenessAddsUpOnceWhereItOverlaps) {
  probe::JitterRecord record{clock_at(0), clock_at(10), 2ms};
  // One stall of 10 ms, seen by each wakeup that was due in it; then another.
  for (int i = 0; i < 5; ++i) record.late.push_back({clock_at(1 + i * 0.002), 10ms - i * 2ms});
  record.late.push_back({clock_at(2), 4ms});
  const expect::Noise noise{record};
  EXPECT_NEAR(noise.worst(100, 110), 0.010, 1e-9);
  EXPECT_NEAR(noise.stalled(100, 110), 0.014, 1e-9);
  EXPECT_NEAR(noise.stalled(101.005, 110), 0.009, 1e-9);
  EXPECT_NEAR(noise.could_delay(100, 110), 0.014 + 5 * 0.010, 1e-9);
  EXPECT_NEAR(noise.could_be_as_early_as(101.008), 101, 1e-9);
  EXPECT_NEAR(noise.could_be_as_early_as(101.5), 101.5, 1e-9);
}

TEST(Noise, ABusyReaderDelaysWhatItTellsOfAndNothingElse) {
  const expect::Noise noise{std::nullopt, {{.due = clock_at(1), .by = 80ms}}};
  EXPECT_DOUBLE_EQ(noise.could_be_as_early_as(101.05), 101);
  EXPECT_DOUBLE_EQ(noise.could_be_as_early_as(101.2), 101.2);
  EXPECT_NEAR(noise.could_delay(100, 101.05), 0.05, 1e-9);
  EXPECT_DOUBLE_EQ(noise.could_delay(100, 103), 0);
}

}  // namespace
}  // namespace lblab::test
