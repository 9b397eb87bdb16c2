#include <gmock/gmock.h>

#include <cmath>

#include "lab/expect/connections.hpp"
#include "lab/expect/statistics.hpp"
#include "lab/expect/udp.hpp"
#include "tests/unit/expect_stage.hpp"

/// What is measured of flows, requests and connections.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;
using End = probe::Request::End;
using expect::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// --- UDP flows ---

TEST(ExpectUdp, AnOutageLastsFromTheFirstLostDatagramToTheNextAnswered) {
  Stage stage;
  stage.udp(1, 0, 2, [](int, double t) { return t > 0.495 && t < 0.745 ? 0 : 1; });
  const expect::UdpFlows udp{stage.evidence.records.udp};
  const auto outages = udp.outages(100, 110);
  ASSERT_THAT(outages, SizeIs(1));
  EXPECT_NEAR(outages[0].from, 100.50, 1e-6);
  EXPECT_NEAR(outages[0].to, 100.75, 1e-6);
  EXPECT_EQ(outages[0].lost, 25);
  EXPECT_FALSE(outages[0].open);
  EXPECT_NEAR(outages[0].last_good, 100.49, 1e-6);
  EXPECT_NEAR(udp.interval(), 0.01, 1e-6);
  EXPECT_NEAR(udp.round_trip(), 0.0005, 1e-6);
}

TEST(ExpectUdp, ALateEchoIsAnEcho) {
  Stage stage;
  stage.udp(1, 0, 2, [](int, double) { return 1; });
  auto& echoes = stage.evidence.records.udp->echoes;
  auto late = echoes[50];
  echoes.erase(echoes.begin() + 50);
  late.at += 900ms;
  echoes.push_back(late);       // long after its turn
  echoes.push_back(echoes[7]);  // and one that came twice
  const expect::UdpFlows udp{stage.evidence.records.udp};
  EXPECT_THAT(udp.outages(100, 110), SizeIs(0));
  EXPECT_EQ(udp.disorder(100, 110).late, 1);
  EXPECT_EQ(udp.disorder(100, 110).twice, 1);
}

TEST(ExpectUdp, AnOutageThatOutlivesTheRecordIsOpen) {
  Stage stage;
  stage.act(1, model::FreezeProcess{"web-lb-2", "exabgp"});
  stage.udp(2, 0, 3, [](int flow, double t) { return flow == 1 && t > 1.2 ? 0 : 1; });
  stage.expect(in_window(model::OutageExpectation{.max = 1s}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
  EXPECT_THAT(stage.finding().seen, HasSubstr("not over at the end of the record"));
  stage.evidence.steps.pop_back();
  stage.expect(in_window(model::OutageExpectation{.max = 5s}));  // nobody knows
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

TEST(ExpectUdp, WhatWasUnderWayAtTheEndOfTheRecordIsNoOutage) {
  Stage stage;
  stage.udp(1, 0, 2, [](int, double) { return 1; });
  stage.evidence.records.udp->echoes.pop_back();
  EXPECT_THAT(expect::UdpFlows{stage.evidence.records.udp}.outages(100, 110), SizeIs(0));
}

TEST(ExpectUdp, ADatagramThatWasUnderWayWhenTheFaultCameIsItsVictim) {
  Stage stage;
  stage.lose_balancer(1.0003, 2, 0.1);
  stage.udp(1, 0, 2, [](int, double t) { return t > 0.995 && t < 1.095 ? 0 : 1; });
  stage.expect(in_window(model::OutageExpectation{.max = 50ms}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectUdp, AFlowThatNeverGotAnEchoIsOutAllAlong) {
  Stage stage;
  stage.udp(2, 0, 3, [](int flow, double) { return flow; });
  const auto outages = expect::UdpFlows{stage.evidence.records.udp}.outages(99, 110);
  ASSERT_THAT(outages, SizeIs(1));
  EXPECT_TRUE(outages[0].open);
  EXPECT_EQ(outages[0].lost, 300);
}

TEST(ExpectUdp, ALowerLimitHoldsBetweenDatagrams) {
  for (const auto& [min, outcome] :
       {std::pair{250ms, Outcome::passed}, std::pair{255ms, Outcome::inconclusive},
        std::pair{270ms, Outcome::failed}}) {
    Stage stage;
    stage.act(0.4, model::FreezeProcess{"web-lb-2", "exabgp"});
    stage.udp(1, 0, 2, [](int, double t) { return t > 0.495 && t < 0.745 ? 0 : 1; });
    stage.expect(in_window(model::OutageExpectation{.min = min}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectUdp, WithoutTrafficAnOutageIsNotJudged) {
  Stage stage;
  stage.expect(in_window(model::OutageExpectation{.max = 1s}));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

// --- the outage of a fault ---

TEST(ExpectOutages, EachFaultHasItsOwnWithTheChainOfItsCauses) {
  Stage stage;
  stage.lose_balancer(1, 2, 0.2);
  stage.announce(1.0, 2, false);
  stage.act(4, model::StartProcess{"web-lb-2", "exabgp"});
  stage.route(4.5, all_nodes);
  stage.lose_balancer(6, 3, 0.4);
  stage.udp(6, 0, 9, [](int flow, double t) {
    const int usual = Stage::usual(flow);
    if (usual == 2 && t > 0.999 && t < 1.2) return 0;
    if (usual == 3 && t > 5.999 && t < 6.395) return 0;
    if (flow == 0 && t > 6.045 && t < 6.055) return 0;  // and one that is out for a moment only
    return usual;
  });
  const auto outages = stage.judge().outages;
  ASSERT_THAT(outages, SizeIs(2));
  EXPECT_EQ(outages[0].fault, "kill exabgp in web-lb-2 (KILL, never again)");
  EXPECT_NEAR(outages[0].to - outages[0].from, 0.2, 1e-6);
  EXPECT_EQ(outages[0].flows, 2);
  EXPECT_EQ(outages[0].lost, 40);
  EXPECT_NEAR(outages[1].to - outages[1].from, 0.4, 1e-6);
  std::vector<std::string> names, where;
  for (const auto& step : outages[0].causes) names.push_back(step.name), where.push_back(step.where);
  EXPECT_THAT(names, ElementsAre("fault", "withdrawn by the load balancer", "session lost",
                                 "withdrawn at the reflector", "route changed", "first good packet"));
  EXPECT_THAT(where, ElementsAre("web-lb-2", "web-lb-2", "rr", "rr", "router", "client"));
  EXPECT_NEAR(outages[1].causes.at(0).at, 6, 1e-9);
  EXPECT_NEAR(outages[1].causes.at(3).after, 0.4, 1e-6);
  EXPECT_EQ(outages[1].flows, 3);
  EXPECT_EQ(outages[1].causes.back().name, "first good packet");
  EXPECT_NEAR(outages[1].causes.back().after, 0.4, 1e-6);
}

TEST(ExpectOutages, ALinksCarrierIsPartOfTheChainAndTheStory) {
  Stage stage;
  const auto link = [&](double t, bool carrier) {
    stage.event(t, {{"event", "link"},
                    {"host", "node2"},
                    {"link", "eth0"},
                    {"state", "present"},
                    {"carrier", carrier},
                    {"mac", "02:00:00:00:00:01"}});
  };
  link(-5, true);
  stage.act(1, model::SetLinkState{"node2", "eth0", false});
  link(1.001, false);
  stage.udp(3, 0, 4, [](int flow, double t) { return flow == 1 && t > 1 ? 0 : Stage::usual(flow); });
  stage.expect(in_window(model::OutageExpectation{.max = 100ms}));
  const auto verdict = stage.judge();
  EXPECT_EQ(verdict.outages.at(0).causes.at(1).name, "carrier lost");
  EXPECT_THAT(text(verdict.findings[0]), HasSubstr("+0.001 s  node2: eth0 lost its carrier"));
  EXPECT_THAT(text(verdict.findings[0]),
              HasSubstr("router led to node2 (10.0.0.106), the node of web-lb-2, to the end"));
}

TEST(ExpectOutages, AFaultThatLostNothingHasNone) {
  Stage stage;
  stage.lose_balancer(1, 2);
  stage.udp(3, 0, 3, [](int flow, double) { return Stage::usual(flow); });
  EXPECT_THAT(stage.judge().outages, SizeIs(0));
}

// --- moved flows ---

Stage added(const std::function<int(int flow, double t)>& through) {
  Stage stage;
  stage.route(-1, {"node1", "node2"});
  stage.act(1, model::ScaleService{.service = "web", .load_balancers = model::Drawn<int>{3, 3}});
  stage.route(1.5, all_nodes);
  stage.udp(12, 0, 4, through);
  return stage;
}

TEST(ExpectMoved, FlowsThatANewNextHopDrawsAreCountedBesideTheirFairShare) {
  auto stage = added([](int flow, double t) { return t > 1.5 && flow < 6 ? 3 : flow % 2 + 1; });
  stage.expect(in_window(model::MovedExpectation{4}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed) << text(finding);
  EXPECT_EQ(finding.measured.value(), 6);
  EXPECT_THAT(finding.seen, HasSubstr("the fair share of the next hops that came is 4.0"));
}

TEST(ExpectMoved, AFlowThatMovesThoughNothingChangedIsBlamedOnTheHash) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.udp(3, 0, 3, [](int flow, double t) { return flow == 0 && t > 2 ? 2 : Stage::usual(flow); });
  stage.expect(in_window(model::MovedExpectation{0}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding), HasSubstr("fib_multipath_hash_policy=1"));
}

TEST(ExpectMoved, AFlowWhoseNextHopWasAwayForAMomentHadToMove) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.route(1.500, {"node2", "node3"});
  stage.route(1.503, all_nodes);
  stage.udp(3, 0, 3, [](int flow, double t) { return flow == 0 && t > 1.505 ? 2 : Stage::usual(flow); });
  stage.expect(in_window(model::MovedExpectation{0}));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed) << text(stage.finding());
}

TEST(ExpectMoved, WithoutTranslationNobodyCanTell) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.udp(3, 0, 3, [](int flow, double) { return Stage::usual(flow); });
  for (auto& echo : stage.evidence.records.udp->echoes) echo.seen = "192.0.2.10:40000";
  stage.expect(in_window(model::MovedExpectation{0}));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

// --- requests ---

TEST(ExpectRequests, ThoseInFlightWhenTheRouteChangedAreNamedAndNotCounted) {
  Stage stage;
  stage.lose_balancer(1, 2, 0.5);
  stage.request(1.1, End::reset);
  stage.request(1.49, End::reset);
  for (int i = 0; i < 20; ++i) stage.request(1.6 + i * 0.02, End::answered);
  stage.expect(in_window(model::RequestExpectation{.only_in_flight = true}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::passed) << text(finding);
  EXPECT_THAT(finding.seen,
              HasSubstr("2 in flight when the route changed (2 reset): requests 0 (port 30000)"));
  stage.request(1.501, End::reset);  // its SYN followed the change
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectRequests, WithoutAChangeOfRouteNoneWasInFlight) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.request(1.1, End::reset);
  stage.expect(in_window(model::RequestExpectation{.only_in_flight = true}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(ExpectRequests, OnlyThoseDueInTheWindowCount) {
  Stage stage;
  stage.request(0.9, End::refused);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.request(1.1, End::answered);
  stage.expect(in_window(model::RequestExpectation{}));
  stage.act(2, model::ReloadProcess{"router", "fibd"});
  stage.request(2.1, End::refused);
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::passed) << text(finding);
  EXPECT_THAT(finding.seen, HasSubstr("1 of 1 request answered"));
}

TEST(ExpectRequests, OneWithoutAnAnswerAtTheEndIsJudgedByItsAge) {
  for (const auto& [age, outcome] :
       {std::pair{0.002, Outcome::passed}, std::pair{0.9, Outcome::inconclusive}}) {
    Stage stage;
    for (int i = 0; i < 20; ++i) stage.request(i * 0.1, End::answered, 0.005);
    stage.request(9.999 - age, End::unfinished, age);
    stage.expect(in_window(model::RequestExpectation{}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectRequests, AnErrorOfTheServersIsAFailure) {
  Stage stage;
  stage.request(1, End::answered).status = 502;
  stage.expect(in_window(model::RequestExpectation{}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
  EXPECT_THAT(stage.finding().seen, HasSubstr("answered with status 502"));
}

TEST(ExpectRequests, AShareOfThoseDueIsToBeAnswered) {
  for (const auto& [share, outcome] : {std::pair{0.9, Outcome::passed}, std::pair{0.91, Outcome::failed}}) {
    Stage stage;
    for (int i = 0; i < 100; ++i) stage.request(i * 0.02, i < 10 ? End::refused : End::answered);
    stage.expect(in_window(model::RequestExpectation{.failed = 100, .rate = share}));
    EXPECT_EQ(stage.finding().outcome, outcome) << text(stage.finding());
  }
}

TEST(ExpectRequests, LatencyCountsFromWhenARequestWasDue) {
  Stage stage;
  stage.request(1, End::answered, 0.003);
  auto& late = stage.request(2, End::answered, 0.002);
  late.began += 500ms;  // the one before held it up
  late.ended += 500ms;
  stage.request(3, End::refused, 0.001);
  const auto latencies = stage.judge().latencies;
  ASSERT_THAT(latencies, SizeIs(2));
  EXPECT_NEAR(latencies[0], 0.003, 1e-9);
  EXPECT_NEAR(latencies[1], 0.502, 1e-9);
}

TEST(ExpectRequests, ANextHopByWhichNobodyIsAnsweredIsNamed) {
  Stage stage;
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  for (int i = 0; i < 90; ++i)
    stage.request(1.2 + i * 0.02, i % 3 == 1 ? End::timed_out : End::answered, 0.002, i % 3 + 1,
                  all_pods[static_cast<size_t>(i / 3 % 6)]);
  stage.expect(in_window(model::RequestExpectation{}));
  EXPECT_THAT(text(stage.finding()),
              HasSubstr("of 58 requests answered from +0.220 s to +1.960 s none came by node2 (10.0.0.106)"));
}

TEST(ExpectRequests, AStaleNeighbourIsNamed) {
  Stage stage;
  stage.event(-5, {{"event", "link"},
                   {"host", "web-lb-2"},
                   {"link", "eth0"},
                   {"mac", "02:00:00:00:00:01"},
                   {"state", "present"}});
  stage.event(-4, {{"event", "neighbour"},
                   {"host", "node2"},
                   {"address", "10.1.1.7"},
                   {"state", "present"},
                   {"mac", "02:00:00:00:00:01"},
                   {"reachability", "resolved"}});
  stage.act(1, model::RecoverHost{"web-lb-2"});
  stage.event(1.1, {{"event", "link"},
                    {"host", "web-lb-2"},
                    {"link", "eth0"},
                    {"mac", "02:00:00:00:00:02"},
                    {"state", "present"}});
  for (int i = 0; i < 10; ++i) stage.request(1.2 + i * 0.1, i < 3 ? End::timed_out : End::answered);
  stage.expect(in_window(model::RequestExpectation{}));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::failed);
  EXPECT_THAT(text(finding),
              HasSubstr("node2 sent what is for 10.1.1.7 to 02:00:00:00:00:01, which nobody has"));
}

// --- long-lived connections ---

TEST(ExpectFlows, TheLedgerHasEachByItsEnd) {
  using FlowEnd = probe::Flow::End;
  Stage stage;
  stage.flow(FlowEnd::survived);
  stage.flow(FlowEnd::survived).exchanges.back().server = "172.16.1.3";
  stage.flow(FlowEnd::reset, 2);
  stage.flow(FlowEnd::closed, 2);
  stage.flow(FlowEnd::refused, 0);
  auto& silent = stage.flow(FlowEnd::silent);
  for (size_t i = 50; i < silent.exchanges.size(); ++i) silent.exchanges[i].answered.reset();
  const auto ledger = stage.judge().ledger.value();
  EXPECT_EQ(ledger.survived, 1);
  EXPECT_EQ(ledger.other_server, 1);
  EXPECT_EQ(ledger.reset, 1);
  EXPECT_EQ(ledger.closed, 1);
  EXPECT_EQ(ledger.refused, 1);
  EXPECT_EQ(ledger.blackholed, 1);
  EXPECT_NEAR(expect::fared(silent).lost_at, 100 - 0.4 + 50 * 0.1, 1e-6);
  EXPECT_FALSE(Stage{}.judge().ledger);
}

TEST(ExpectFlows, ALossCountsInItsWindowAndTheDeadStayDead) {
  Stage stage;
  for (int i = 0; i < 4; ++i) stage.flow(probe::Flow::End::survived);
  stage.flow(probe::Flow::End::reset, 1.5);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(in_window(model::FlowExpectation{.lost = 0}));
  stage.act(2, model::ReloadProcess{"router", "fibd"});
  stage.expect(in_window(model::FlowExpectation{.lost = 0}));
  stage.expect(in_window(model::FlowExpectation{.survive = 5}));
  const auto verdict = stage.judge();
  EXPECT_EQ(verdict.findings[0].outcome, Outcome::failed);
  EXPECT_EQ(verdict.findings[1].outcome, Outcome::passed);
  EXPECT_EQ(verdict.findings[2].outcome, Outcome::failed);
}

// --- shares ---

/// With two degrees of freedom the distribution is exponential: p = exp(-x/2).
TEST(ExpectStatistics, TheTailOfChiSquareIsTheTextbooks) {
  EXPECT_NEAR(expect::p_of_even({240, 240, 120}), std::exp(-24.0), 1e-16);
  EXPECT_NEAR(expect::p_of_even({100, 100, 100}), 1, 1e-12);
  // 2x2, df 1: x = 3.841 is the 5 % point. {60,40},{46.14,53.86}… by the formula n(ad-bc)²/(r1 r2 c1 c2).
  const double x = 200.0 * std::pow(60 * 60 - 40 * 40, 2) / (100.0 * 100 * 100 * 100);
  EXPECT_NEAR(expect::p_of_independence({{60, 40}, {40, 60}}), std::erfc(std::sqrt(x / 2)), 1e-12);
  EXPECT_EQ(expect::p_of_independence({{60, 40}, {0, 0}}), 1);
  EXPECT_EQ(expect::p_of_even({7}), 1);
}

TEST(ExpectStatistics, PercentilesAreByNearestRank) {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  EXPECT_EQ(expect::percentile(values, 0.5), 50);
  EXPECT_EQ(expect::percentile(values, 0.99), 99);
  EXPECT_EQ(expect::percentile(values, 1), 100);
  EXPECT_EQ(expect::percentile({3, 1, 2}, 0.99), 3);
  EXPECT_EQ(expect::percentile({}, 0.99), 0);
}

model::FairnessExpectation over(model::FairnessExpectation::Over what) { return {what, 1e-6}; }
using Over = model::FairnessExpectation::Over;

TEST(ExpectFairness, PolarisationIsFoundWhereEachTierByItselfIsFair) {
  for (const bool is_polarised : {false, true}) {
    Stage stage;
    for (int i = 0; i < 360; ++i) {
      const int hop = i % 3;
      // Polarised: who chooses the load balancer has thereby chosen between two real servers.
      const int server = is_polarised ? 2 * hop + i / 3 % 2 : i / 3 % 6;
      stage.request(1 + i * 0.01, End::answered, 0.002, hop + 1, all_pods[static_cast<size_t>(server)]);
    }
    for (const auto what : {Over::next_hops, Over::real_servers, Over::both})
      stage.expect(in_window(over(what)));
    const auto verdict = stage.judge();
    EXPECT_EQ(verdict.findings[0].outcome, Outcome::passed) << text(verdict.findings[0]);
    EXPECT_EQ(verdict.findings[1].outcome, Outcome::passed) << text(verdict.findings[1]);
    EXPECT_EQ(verdict.findings[2].outcome, is_polarised ? Outcome::failed : Outcome::passed)
        << text(verdict.findings[2]);
  }
}

TEST(ExpectFairness, ARealServerThatGetsNothingIsSeen) {
  Stage stage;
  for (int i = 0; i < 300; ++i)
    stage.request(1 + i * 0.01, End::answered, 0.002, 1, all_pods[static_cast<size_t>(i % 5)]);
  stage.expect(in_window(over(Over::real_servers)));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
  EXPECT_THAT(text(stage.finding()), HasSubstr("web-6 got 0 where 50 would be its share"));
}

TEST(ExpectFairness, UnevenWeightsAndOneWayAreNamed) {
  Stage stage;
  stage.event(-1, {{"event", "ipvs"},
                   {"host", "web-lb-1"},
                   {"services",
                    {{{"destinations",
                       {{{"address", "172.16.1.2:80"}, {"weight", 3}},
                        {{"address", "172.16.1.3:80"}, {"weight", 1}}}}}}}});
  for (int i = 0; i < 300; ++i)
    stage.request(1 + i * 0.01, End::answered, 0.002, 1, i % 4 ? "web-1" : "web-2");
  stage.expect(in_window(over(Over::real_servers)));
  stage.expect(in_window(over(Over::next_hops)));
  const auto verdict = stage.judge();
  EXPECT_THAT(text(verdict.findings[0]), HasSubstr("weights in web-lb-1: web-1 (172.16.1.2) 3, web-2"));
  EXPECT_THAT(text(verdict.findings[1]), HasSubstr("fib_multipath_hash_policy=0"));
}

TEST(ExpectFairness, OnlyTheChoicesSinceTheLastChangeOfRouteCount) {
  Stage stage;
  stage.lose_balancer(1, 2, 1);
  for (int i = 0; i < 90; ++i) stage.request(1.05 + i * 0.01, End::answered, 0.002, 1);
  for (int i = 0; i < 90; ++i) stage.request(2.05 + i * 0.01, End::answered, 0.002, i % 2 ? 1 : 3);
  stage.expect(in_window(over(Over::next_hops)));
  const auto finding = stage.finding();
  EXPECT_EQ(finding.outcome, Outcome::passed) << text(finding);
  EXPECT_THAT(finding.seen, HasSubstr("of 90: node1 45, node3 45"));
}

TEST(ExpectFairness, TooFewToTellAreInconclusive) {
  Stage stage;
  for (int i = 0; i < 14; ++i) stage.request(1 + i * 0.01, End::answered);
  stage.expect(in_window(over(Over::next_hops)));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

TEST(ExpectFairness, AUdpFlowIsOneChoice) {
  Stage stage;
  stage.scenario.traffic.http.reset();
  stage.udp(60, 0, 1, [](int flow, double) { return Stage::usual(flow); });
  stage.expect(in_window(over(Over::next_hops)));
  EXPECT_THAT(stage.finding().seen, HasSubstr("of 60: node1 20, node2 20, node3 20"));
}

// --- sources ---

TEST(ExpectSource, AConnectionTellsWhomTheServerSaw) {
  const auto connect = [](const std::string& seen) {
    Stage stage;
    stage.act(1, model::Connect{"web-lb-1", "router"});
    stage.event(1.01, {{"event", "connection"}, {"from", "web-lb-1"}, {"to", "router"}, {"seen", seen}});
    stage.expect(in_window(model::SourceExpectation{"connect", {"node1"}}));
    return stage.finding();
  };
  EXPECT_EQ(connect("10.0.0.105:33333").outcome, Outcome::passed);
  const auto raw = connect("172.16.1.4:33333");
  EXPECT_EQ(raw.outcome, Outcome::failed);
  EXPECT_THAT(text(raw), HasSubstr("172.16.1.4 is web-lb-1's own: nobody translated it"));
}

TEST(ExpectSource, AMasqueradeWhereNoneShouldBeIsPlaced) {
  Stage stage;
  stage.act(1, model::Connect{"web-lb-1", "rr"});
  stage.event(1.01, {{"event", "connection"}, {"from", "web-lb-1"}, {"to", "rr"}, {"seen", "10.0.0.105:7"}});
  stage.expect(in_window(model::SourceExpectation{"connect", {"web-lb-1"}}));
  EXPECT_THAT(text(stage.finding()), HasSubstr("node1 is the node of web-lb-1: it was masqueraded there"));
}

TEST(ExpectSource, AConnectionThatFailedIsAFailure) {
  Stage stage;
  stage.act(1, model::Connect{"client", "rr"});
  stage.event(1.01,
              {{"event", "connection"}, {"from", "client"}, {"to", "rr"}, {"error", "No route to host"}});
  stage.expect(in_window(model::SourceExpectation{"connect", {"client"}}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
  EXPECT_THAT(stage.finding().seen, HasSubstr("No route to host"));
}

TEST(ExpectSource, OfUdpEachEchoIsLookedAt) {
  Stage stage;
  stage.udp(3, 0, 2, [](int flow, double) { return Stage::usual(flow); });
  stage.expect(in_window(model::SourceExpectation{"udp", {"web"}}));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
  stage.evidence.records.udp->echoes[100].seen = "192.0.2.10:40001";
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

// --- over repeats ---

Stage repeated(const std::vector<double>& outages, model::OutageExpectation expectation) {
  Stage stage;
  stage.evidence.ended = 200;
  stage.udp(1, 0, static_cast<double>(outages.size()) * 2, [&](int, double t) {
    const auto n = static_cast<size_t>(t / 2);
    const double into = t - 2 * static_cast<double>(n);
    return into > 0.995 && into < 0.995 + outages[n] ? 0 : 1;
  });
  for (size_t n = 0; n < outages.size(); ++n) {
    stage.act(2.0 * static_cast<double>(n) + 0.9, model::ReloadProcess{"router", "fibd"});
    stage.expect(in_window(expectation), 12);
  }
  return stage;
}

TEST(ExpectSummaries, RepeatsOfALineAreSummedUp) {
  const auto verdict = repeated({0.1, 0.3, 0.2}, {.max = 1s}).judge();
  ASSERT_THAT(verdict.summaries, SizeIs(1));
  const auto& summary = verdict.summaries[0];
  EXPECT_EQ(summary.mark.line, 12);
  EXPECT_THAT(summary.values, SizeIs(3));
  EXPECT_NEAR(summary.p50, 0.2, 1e-6);
  EXPECT_NEAR(summary.max, 0.3, 1e-6);
  EXPECT_EQ(summary.unit, "s");
  EXPECT_EQ(verdict.outcome, Outcome::passed);
}

TEST(ExpectSummaries, ALimitOverRepeatsIsJudgedOverRepeats) {
  auto stage = repeated({0.1, 0.3, 0.2}, {.p99 = 250ms});
  auto verdict = stage.judge();
  EXPECT_EQ(verdict.findings[1].outcome, Outcome::passed);
  EXPECT_EQ(verdict.summaries.at(0).outcome, Outcome::failed);
  EXPECT_THAT(verdict.summaries[0].seen, HasSubstr("p99 0.300 s of 3 values"));
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  stage.stall({3.1}, 0.05);
  verdict = stage.judge();
  EXPECT_EQ(verdict.summaries.at(0).outcome, Outcome::inconclusive);
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
}

}  // namespace
}  // namespace lblab::test
