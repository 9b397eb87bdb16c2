#include <gmock/gmock.h>

#include "expect_stage.hpp"
#include "lab/expect/rounds.hpp"

/// A scenario that is carried out again and again: what is told of all rounds together.
namespace lblab::test {
namespace {

using expect::Outcome;
using expect::ScenarioVerdict;
using testing::AllOf;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

/// One fault in line 11, and an expectation in line 12. Without `outage` all is answered.
Stage fault_with(double outage, model::OutageExpectation expectation) {
  Stage stage;
  stage.udp(1, 0, 4, [&](int, double t) { return t > 0.995 && t < 0.995 + outage ? 0 : 1; });
  stage.act(0.9, model::ReloadProcess{"router", "fibd"}, 11);
  stage.expect(in_window(expectation), 12);
  return stage;
}

std::vector<ScenarioVerdict> rounds_of(const std::vector<double>& outages,
                                       const model::OutageExpectation& expectation) {
  std::vector<ScenarioVerdict> verdicts;
  for (const double outage : outages) verdicts.push_back(fault_with(outage, expectation).judge());
  return verdicts;
}

TEST(ExpectRounds, OneRoundIsNoneToSumUp) {
  EXPECT_THAT(expect::over_rounds(rounds_of({0.1}, {.max = 1s})), IsEmpty());
}

TEST(ExpectRounds, WhatWasMeasuredInAllOfThemIsSummedUp) {
  const auto all = expect::over_rounds(rounds_of({0.1, 0.3, 0.2}, {.max = 250ms}));
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].passed, 2);
  EXPECT_EQ(all[0].failed, 1);
  ASSERT_THAT(all[0].summaries, SizeIs(1));
  const auto& summary = all[0].summaries[0];
  EXPECT_EQ(summary.mark.line, 12);
  EXPECT_THAT(summary.values,
              ElementsAre(DoubleNear(0.1, 1e-6), DoubleNear(0.3, 1e-6), DoubleNear(0.2, 1e-6)));
  EXPECT_NEAR(summary.p50, 0.2, 1e-6);
  EXPECT_NEAR(summary.p99, 0.3, 1e-6);
  EXPECT_EQ(all[0].outcome, Outcome::passed) << "a maximum is of each round";
}

TEST(ExpectRounds, EachFaultHasItsOutagesAlsoWhereNothingWasLost) {
  const auto all = expect::over_rounds(rounds_of({0.3, 0, 0.2}, {.max = 1s}));
  ASSERT_THAT(all.at(0).outages, SizeIs(1));
  const auto& outage = all[0].outages[0];
  EXPECT_EQ(outage.mark.line, 11);
  EXPECT_THAT(outage.expected, AllOf(HasSubstr("outage after"), HasSubstr("fibd")));
  EXPECT_THAT(outage.values, SizeIs(3));
  EXPECT_NEAR(outage.p50, 0.2, 1e-6);
  EXPECT_NEAR(outage.max, 0.3, 1e-6);
  EXPECT_THAT(expect::over_rounds(rounds_of({0, 0}, {.max = 1s})).at(0).outages, IsEmpty());
}

TEST(ExpectRounds, TheDelayOfAFaultToTheFibIsSummedUp) {
  std::vector<ScenarioVerdict> verdicts;
  for (const double delay : {0.4, 0.2}) {
    auto stage = fault_with(0.5, {.max = 1s});
    stage.route(0.9 + delay, {"node1", "node3"});
    verdicts.push_back(stage.judge());
  }
  const auto all = expect::over_rounds(verdicts);
  ASSERT_THAT(all.at(0).delays, SizeIs(1));
  EXPECT_THAT(all[0].delays[0].values, ElementsAre(DoubleNear(0.4, 1e-6), DoubleNear(0.2, 1e-6)));
}

/// Of a hundred rounds one is slow: its p99 bears that, and no more.
TEST(ExpectRounds, ALimitOverRepeatsIsHeldAgainstAllRoundsTogether) {
  const model::OutageExpectation expectation{.p99 = 250ms};
  auto verdicts = rounds_of({0.3, 0.1}, expectation);
  EXPECT_EQ(verdicts[0].outcome, Outcome::failed) << "as a round on its own";
  expect::leave_limits_to_rounds(verdicts[0]);
  EXPECT_EQ(verdicts[0].outcome, Outcome::passed);
  const auto slow = verdicts[0], quick = verdicts[1];
  verdicts.assign(99, quick);
  verdicts.push_back(slow);
  EXPECT_EQ(expect::over_rounds(verdicts).at(0).outcome, Outcome::passed);
  verdicts.push_back(slow);
  const auto all = expect::over_rounds(verdicts);
  EXPECT_EQ(all.at(0).outcome, Outcome::failed);
  EXPECT_THAT(all[0].summaries.at(0).seen, HasSubstr("p99 0.300 s of 101 values"));
}

TEST(ExpectRounds, WhatTheMachinesLatenessExplainsIsInconclusive) {
  auto stage = fault_with(0.3, {.p99 = 270ms});
  stage.stall({1.1}, 0.05);
  auto verdicts = std::vector{stage.judge(), stage.judge()};
  for (auto& verdict : verdicts) expect::leave_limits_to_rounds(verdict);
  EXPECT_EQ(expect::over_rounds(verdicts).at(0).outcome, Outcome::inconclusive);
}

TEST(ExpectRounds, SurviveTheWayFromTheSupervisor) {
  auto verdicts = rounds_of({0.3, 0.2}, {.p99 = 250ms});
  const auto before = expect::to_json(expect::over_rounds(verdicts).at(0));
  for (auto& verdict : verdicts) verdict = expect::scenario_verdict(expect::to_json(verdict));
  EXPECT_EQ(expect::to_json(expect::over_rounds(verdicts).at(0)), before);
  EXPECT_EQ(before.at("summaries").at(0).at("limit"), 0.25);
}

TEST(ExpectRounds, OneThatFailsForAnotherReasonStillFails) {
  auto verdict = fault_with(0.3, {.max = 250ms, .p99 = 1s}).judge();
  expect::leave_limits_to_rounds(verdict);
  EXPECT_EQ(verdict.outcome, Outcome::failed);
}

TEST(ExpectRounds, ThoseNotCarriedOutAreOnlyCounted) {
  auto verdicts = rounds_of({0.1, 0.2, 9}, {.max = 1s});
  verdicts[2].trouble = "no route to the moon";
  const auto all = expect::over_rounds(verdicts);
  EXPECT_EQ(all.at(0).troubled, 1);
  EXPECT_EQ(all[0].failed, 0);
  EXPECT_THAT(all[0].summaries.at(0).values, SizeIs(2));
}

}  // namespace
}  // namespace lblab::test
