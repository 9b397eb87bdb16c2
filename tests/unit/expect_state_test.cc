#include <gmock/gmock.h>

#include "lab/expect/names.hpp"
#include "lab/expect/pattern.hpp"
#include "tests/unit/expect_stage.hpp"

/// Routes, sessions, tables and events: deadlines, windows, samples and gaps.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;
using expect::Outcome;
using testing::HasSubstr;
using testing::Not;

model::RouteExpectation via(std::vector<std::string> nodes) {
  return {"router", *sys::Prefix::parse("10.1.1.0/24"), std::move(nodes)};
}

TEST(ExpectState, ARouteThatComesAfterItsDeadlineFailsAndIsTimed) {
  Stage stage;
  stage.lose_balancer(1, 2, 1.5);
  stage.expect(within(1s, via({"node1", "node3"})));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_NEAR(finding.measured.value(), 1.5, 1e-9);
  EXPECT_THAT(finding.seen, HasSubstr("only after 1.50 s"));
  EXPECT_THAT(text(finding), HasSubstr("rr had not withdrawn its path"));
}

TEST(ExpectState, ARouteCountsOnlyUntilTheNextAction) {
  Stage stage;
  stage.lose_balancer(1, 2, 1.5);
  stage.expect(within(3s, via({"node1", "node3"})));
  stage.act(3, model::StartProcess{"web-lb-2", "exabgp"});
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
  stage.evidence.steps.back().began = 102.4;
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::inconclusive) << text(finding);
  EXPECT_THAT(finding.seen, HasSubstr("the next action began"));
}

TEST(ExpectState, AServiceStandsForTheNodesOfItsLoadBalancersThen) {
  Stage stage;
  stage.act(1, model::ScaleService{.service = "web", .load_balancers = model::Drawn<int>{2, 2}});
  stage.route(1.3, {"node1", "node2"});
  stage.census.balancers["web"].pop_back();
  stage.expect(within(1s, via({"web"})));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::passed) << text(finding);
  EXPECT_NEAR(finding.measured.value(), 0.3, 1e-9);
}

TEST(ExpectState, ANextHopTooFewIsExplainedByItsSession) {
  Stage stage;
  stage.lose_balancer(0.5, 2);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(within(1s, via(all_nodes)));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding), HasSubstr("without node2"));
  EXPECT_THAT(text(finding), HasSubstr("rr's session with web-lb-2 was lost at -0.490 s"));
  EXPECT_THAT(text(finding), HasSubstr("kill exabgp in web-lb-2 (KILL, never again), at -0.500 s"));
}

TEST(ExpectState, ANextHopThatItsBalancerWithdrewIsExplainedByItsHealth) {
  Stage stage;
  stage.act(1, model::ScaleService{.service = "web", .pods = model::Drawn<int>{0, 0}});
  for (const auto& pod : all_pods) stage.health(1.1, "web-lb-3", pod, false);
  stage.announce(1.2, 3, false);
  stage.path(1.21, "node3", false);
  stage.route(1.22, {"node1", "node2"});
  stage.expect(throughout(1s, via(all_nodes)));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding), HasSubstr("web-lb-3 withdrew it at +0.200 s"));
  EXPECT_THAT(text(finding), HasSubstr("none of web-lb-3's 6 real servers was healthy"));
}

TEST(ExpectState, ARouterThatDoesNotFollowIsExplainedByItsAgent) {
  Stage stage;
  stage.act(0.5, model::KillProcess{"router", "fibd", 9, false});
  stage.process(0.5, "router", "fibd", "ended");
  stage.lose_balancer(1, 2);
  std::erase_if(stage.evidence.events,
                [](const json& e) { return e["event"] == "route" && e["t"].get<double>() > 101; });
  stage.expect(within(1s, via({"node1", "node3"})));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding), HasSubstr("although its path was withdrawn at rr at +0.015 s"));
  EXPECT_THAT(text(finding), HasSubstr("fibd in router had ended at -0.500 s"));
}

TEST(ExpectState, AWayThatTheKernelDidNotTakeIsToldFromOneThatNobodyAnnounced) {
  Stage stage;
  stage.event(-2.5, {{"event", "path"},
                     {"host", "router"},
                     {"prefix", "10.1.1.0/24"},
                     {"next-hop", "10.0.0.106"},
                     {"state", "announced"}});
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.route(1.1, {"node1", "node3"});
  stage.expect(throughout(1s, via(all_nodes)));
  EXPECT_THAT(text(stage.finding()), HasSubstr("router's own BGP agent had a path by node2, but its kernel"));
}

TEST(ExpectState, TheSessionsOfAnAgentThatDiedAreGone) {
  Stage stage;
  stage.act(1, model::KillProcess{"rr", "gobgpd", 9, false});
  stage.process(1.01, "rr", "gobgpd", "ended");
  stage.expect(within(1s, model::SessionExpectation{"rr", {}}));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed) << text(stage.finding());
}

TEST(ExpectState, OneAddressForTwoPeersIsNamed) {
  Stage stage;
  std::erase_if(stage.evidence.events, [](const json& e) { return e["event"] == "session"; });
  stage.session(-3, "node1", true);  // the node's address: its pods are masqueraded
  stage.expect(within(1s, model::SessionExpectation{"rr", {"web-lb-1"}}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding), HasSubstr("without web-lb-1, with node1 (10.0.0.105) too many"));
  EXPECT_THAT(text(finding), HasSubstr("what leaves it is masqueraded"));
}

TEST(ExpectState, TheLowestMetricOfTheMainTableCounts) {
  Stage stage;
  stage.event(1, {{"event", "route"},
                  {"host", "router"},
                  {"destination", "10.1.1.0/24"},
                  {"state", "present"},
                  {"protocol", "static"},
                  {"table", 254},
                  {"metric", 10},
                  {"next-hops", {{{"via", "10.0.0.106"}, {"dev", "eth1"}, {"weight", 1}}}}});
  stage.event(1.1, {{"event", "route"},
                    {"host", "router"},
                    {"destination", "10.1.1.0/24"},
                    {"state", "removed"},
                    {"table", 255},
                    {"metric", 10}});
  stage.event(2, {{"event", "route"},
                  {"host", "router"},
                  {"destination", "10.1.1.0/24"},
                  {"state", "removed"},
                  {"table", 254},
                  {"metric", 10}});
  stage.act(1.5, model::ReloadProcess{"router", "fibd"});
  stage.expect(throughout(400ms, via({"node2"})));
  stage.expect(within(1s, via(all_nodes)));
  const auto verdict = stage.judge();
  EXPECT_EQ(verdict.findings[0].outcome, Outcome::passed) << text(verdict.findings[0]);
  EXPECT_NEAR(verdict.findings[1].measured.value(), 0.5, 1e-9);
}

TEST(ExpectState, ThroughoutFailsOnTheShortestFlap) {
  Stage stage;
  stage.act(1, model::KillProcess{"rr", "gobgpd", 9, true});
  stage.route(1.5, {"node1"});
  stage.route(1.5001, all_nodes);
  stage.expect(throughout(2s, via(all_nodes)));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(finding.seen, HasSubstr("after 0.500 s"));
  EXPECT_THAT(finding.seen, HasSubstr("for 0.1 ms"));
}

TEST(ExpectState, ThroughoutLooksNoFurtherThanItsTime) {
  Stage stage;
  stage.act(1, model::KillProcess{"rr", "gobgpd", 9, true});
  stage.route(2.6, {"node1"});
  stage.expect(throughout(1500ms, via(all_nodes)));
  stage.expect(throughout(0ms, via(all_nodes)));
  const auto verdict = stage.judge();
  EXPECT_EQ(verdict.findings[0].outcome, Outcome::passed) << text(verdict.findings[0]);
  EXPECT_EQ(verdict.findings[1].outcome, Outcome::failed);
}

TEST(ExpectState, WhatAnObserverMayHaveMissedIsNotJudged) {
  for (const auto& expectation : {throughout(2s, via(all_nodes)), never(via({"node1"}))}) {
    Stage stage;
    stage.act(1, model::KillProcess{"rr", "gobgpd", 9, true});
    stage.event(2, {{"event", "gap"}, {"host", "router"}});
    stage.expect(expectation);
    EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive) << text(stage.finding());
    stage.route(2.5, {"node1"});  // what was seen all the same is a failure
    EXPECT_EQ(stage.finding().outcome, Outcome::failed) << text(stage.finding());
  }
}

TEST(ExpectState, AGapOfAnotherHostOrTimeDoesNotMatter) {
  Stage stage;
  stage.event(0.2, {{"event", "gap"}, {"host", "router"}});
  stage.act(1, model::KillProcess{"rr", "gobgpd", 9, true});
  stage.event(2, {{"event", "gap"}, {"host", "node1"}});
  stage.expect(throughout(2s, via(all_nodes)));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed) << text(stage.finding());
}

TEST(ExpectState, ASampleThatDoesNotTellOnWhichSideOfTheDeadlineIsInconclusive) {
  for (const auto& [earliest, outcome] :
       {std::pair{1.9, Outcome::inconclusive}, std::pair{2.05, Outcome::failed}}) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-6", "nginx", 9, false});
    stage.ipvs(2.1, "web-lb-1", {all_pods.begin(), all_pods.end() - 1}, earliest);
    stage.expect(within(1s, model::IpvsExpectation{"web-lb-1", {all_pods.begin(), all_pods.end() - 1}}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectState, ASampledChangeAcrossTheOpeningDoesNotBreakThroughout) {
  Stage stage;
  stage.session(0.5, "web-lb-2", false);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.session(1.01, "web-lb-2", true, 0.96);
  stage.expect(throughout(1s, model::SessionExpectation{"rr", {"web", "router"}}));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive) << text(stage.finding());
}

TEST(ExpectState, AnEventOutsideOfTheWindowIsNone) {
  const model::EventExpectation down{{{"event", "session"}, {"peer", "web-lb-2"}, {"state", "down"}}};
  Stage stage;
  stage.session(0.9, "web-lb-2", false);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(within(1s, down));
  stage.expect(never(down));
  stage.act(3, model::ReloadProcess{"router", "fibd"});
  stage.session(3.1, "web-lb-2", false);
  const auto verdict = stage.judge();
  EXPECT_EQ(verdict.findings[0].outcome, Outcome::failed);
  EXPECT_EQ(verdict.findings[1].outcome, Outcome::passed) << text(verdict.findings[1]);
}

TEST(ExpectState, AnEventIsKnownByItsMembers) {
  const Stage stage;
  const expect::Names names{stage.census};
  const json event{{"event", "route"},
                   {"via", {"10.0.0.105", "10.0.0.107"}},
                   {"up", true},
                   {"metric", 20},
                   {"seen", "172.16.1.4:80"}};
  using Pattern = model::EventPattern;
  for (const auto& pattern : {Pattern{{"event", "route"}}, Pattern{{"via", "10.0.0.107"}},
                              Pattern{{"via", "node3"}, {"metric", "20"}}, Pattern{{"up", "true"}},
                              Pattern{{"seen", "web-lb-1"}}, Pattern{}})
    EXPECT_TRUE(expect::matches(pattern, event, names)) << testing::PrintToString(pattern);
  for (const auto& pattern : {Pattern{{"event", "path"}}, Pattern{{"via", "node2"}},
                              Pattern{{"event", "route"}, {"metric", "2"}}, Pattern{{"host", "router"}}})
    EXPECT_FALSE(expect::matches(pattern, event, names)) << testing::PrintToString(pattern);
}

TEST(ExpectState, OrderIsNotToldFromSamplesThatOverlap) {
  Stage stage;
  stage.act(1, model::KillProcess{"web-6", "nginx", 9, false});
  stage.session(1.30, "web-lb-2", false, 1.20);
  stage.ipvs(1.35, "web-lb-1", {"web-1"}, 1.25);
  stage.expect(
      within(1s, model::OrderExpectation{{{{"event", "session"}, {"state", "down"}}, {{"event", "ipvs"}}}}));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive) << text(stage.finding());
}

TEST(ExpectState, AnEventOfAnOrderThatNeverCameFailsIt) {
  Stage stage;
  stage.act(1, model::KillProcess{"web-lb-2", "lbd", 15, false});
  stage.announce(1.1, 2, false);
  stage.expect(within(1s, model::OrderExpectation{{{{"event", "announce"}}, {{"event", "helper"}}}}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(finding.seen, HasSubstr("helper did not come in 1.00 s"));
}

/// Whoever waits goes on at the event by which the judge will say that it came to hold.
TEST(ExpectState, WhoeverWaitsSeesItWithTheJudge) {
  const std::vector<model::Expectation> all{
      within(1s, via({"node1", "node3"})),
      within(1s, model::SessionExpectation{"rr", {"web-lb-1", "web-lb-3", "router"}}),
      within(1s, model::EventExpectation{{{"event", "path"}, {"state", "withdrawn"}}}),
      within(1s, model::OrderExpectation{{{{"event", "session"}}, {{"event", "route"}}}})};
  for (const auto& expectation : all) {
    Stage stage;
    stage.lose_balancer(1, 2);
    stage.route(1.5, all_nodes);
    const auto& events = stage.evidence.events;
    const auto since =
        std::ranges::find_if(events, [](const json& e) { return e["t"].get<double>() >= 101; });
    expect::Facts facts;
    std::for_each(events.begin(), since, [&](const json& event) { facts.take(event); });
    expect::Attainment attainment{expectation, stage.census, facts, 101};
    EXPECT_FALSE(attainment.holds());
    double held = 0;
    for (auto event = since; event != events.end(); ++event) {
      facts.take(*event);
      attainment.take(*event);
      if (attainment.holds() && held == 0) held = (*event)["t"].get<double>() - 101;
    }
    stage.expect(expectation);
    EXPECT_DOUBLE_EQ(held, stage.finding().measured.value()) << text(stage.finding());
  }
}

TEST(ExpectState, WhatIsJudgedAfterwardsIsNotWaitedFor) {
  const Stage stage;
  for (const auto& expectation : {in_window(model::OutageExpectation{.max = 1s}),
                                  throughout(1s, via({"node1"})), never(via({"node1"}))})
    EXPECT_TRUE((expect::Attainment{expectation, stage.census, expect::Facts{}, 101}.holds()));
}

TEST(ExpectState, WhatHeldAlreadyIsToldAsSuch) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(within(1s, via(all_nodes)));
  EXPECT_THAT(stage.finding().seen, HasSubstr("already so when it began"));
}

}  // namespace
}  // namespace lblab::test
