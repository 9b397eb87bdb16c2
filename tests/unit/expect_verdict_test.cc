#include <gmock/gmock.h>

#include <limits>

#include "lab/expect/describe.hpp"
#include "tests/unit/expect_stage.hpp"

/// The verdict as a whole, and its words.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;
using expect::Outcome;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

Stage full() {
  Stage stage;
  stage.lose_balancer(1, 2, 0.2);
  stage.expect(
      within(1s, model::RouteExpectation{"router", *sys::Prefix::parse("10.1.1.0/24"), {"node1", "node3"}}),
      8);
  stage.expect(in_window(model::OutageExpectation{.max = 100ms, .p99 = 1s}), 9);
  stage.udp(6, 0, 9, [](int flow, double t) {
    return Stage::usual(flow) != 2 || t < 0.999 ? Stage::usual(flow) : t < 1.2 ? 0 : 3;
  });
  for (int i = 0; i < 40; ++i)
    stage.request(i * 0.1, i % 10 ? probe::Request::End::answered : probe::Request::End::reset);
  stage.flow(probe::Flow::End::survived);
  stage.stall({2}, 0.004);
  return stage;
}

TEST(ExpectVerdict, GoesToJsonAndBack) {
  auto verdict = full().judge();
  verdict.trouble = "the lab's supervisor went away";
  const json there = expect::to_json(verdict);
  const auto back = expect::scenario_verdict(json::parse(there.dump()));
  EXPECT_EQ(expect::to_json(back), there);
  EXPECT_EQ(back.outcome, Outcome::failed);
  EXPECT_EQ(back.seed, 7u);
  EXPECT_EQ(back.trouble, verdict.trouble);
  ASSERT_THAT(back.findings, SizeIs(2));
  EXPECT_EQ(back.findings[0].measured, verdict.findings[0].measured);
  EXPECT_EQ(back.findings[1].story, verdict.findings[1].story);
  EXPECT_EQ(back.findings[1].mark.line, 9);
  ASSERT_THAT(back.outages, SizeIs(1));
  EXPECT_EQ(back.outages[0].causes.size(), verdict.outages[0].causes.size());
  EXPECT_EQ(back.ledger->survived, 1);
  EXPECT_EQ(back.series.size(), verdict.series.size());
  EXPECT_EQ(back.moments.size(), verdict.moments.size());
  EXPECT_THROW(expect::scenario_verdict(json{{"name", 1}}), json::exception);
}

TEST(ExpectVerdict, OneFailureFailsTheScenarioAndOneDoubtLeavesItOpen) {
  Stage stage;
  const model::RouteExpectation all{"router", *sys::Prefix::parse("10.1.1.0/24"), all_nodes};
  EXPECT_EQ(stage.judge().outcome, Outcome::passed);
  stage.expect(within(1s, all));
  EXPECT_EQ(stage.judge().outcome, Outcome::passed);
  stage.expect(in_window(model::OutageExpectation{.max = 1s}));  // no traffic
  EXPECT_EQ(stage.judge().outcome, Outcome::inconclusive);
  stage.expect(never(all));
  EXPECT_EQ(stage.judge().outcome, Outcome::failed);
}

TEST(ExpectVerdict, TimesAreSinceTheScenarioBegan) {
  const auto verdict = full().judge();
  EXPECT_DOUBLE_EQ(verdict.seconds, 10);
  EXPECT_DOUBLE_EQ(verdict.findings[0].from, 1);
  EXPECT_DOUBLE_EQ(verdict.findings[0].to, 10);
  EXPECT_DOUBLE_EQ(verdict.steps[0].at, 1);
  EXPECT_TRUE(verdict.steps[0].is_fault);
  EXPECT_FALSE(verdict.steps[1].is_fault);
  EXPECT_EQ(verdict.steps[1].text, "expect router: 10.1.1.0/24 via node1, node3 within 1 s");
}

TEST(ExpectVerdict, MomentsHaveTheirActors) {
  const auto moments = full().judge().moments;
  using expect::Moment;
  EXPECT_THAT(moments, Contains(testing::AllOf(Field(&Moment::actor, "scenario"),
                                               Field(&Moment::kind, "fault"), Field(&Moment::at, 1.0))));
  for (const auto& [actor, kind] : {std::pair{"router", "route"}, std::pair{"rr", "session"},
                                    std::pair{"rr", "path"}, std::pair{"web-lb-2", "process"}})
    EXPECT_THAT(moments, Contains(testing::AllOf(Field(&Moment::actor, actor), Field(&Moment::kind, kind))));
  for (const auto& moment : moments) EXPECT_GE(moment.at, 0);
}

TEST(ExpectVerdict, SeriesShowRequestsDatagramsAndNextHops) {
  const auto verdict = full().judge();
  const auto find = [&](const std::string& name) {
    const auto found = std::ranges::find(verdict.series, name, &expect::Series::name);
    return found == verdict.series.end() ? std::vector<std::pair<double, double>>{} : found->points;
  };
  double answered = 0, failed = 0, lost = 0;
  const double width = find("requests answered").at(1).first;
  for (const auto& [t, rate] : find("requests answered")) answered += rate * width;
  for (const auto& [t, rate] : find("requests failed")) failed += rate * width;
  for (const auto& [t, rate] : find("datagrams lost")) lost += rate * 0.1;
  EXPECT_NEAR(answered, 36, 1e-9);
  EXPECT_NEAR(failed, 4, 1e-9);
  EXPECT_NEAR(lost, 40, 1e-9);
  const auto hops = find("next hops of 10.1.1.0/24 in router");
  ASSERT_THAT(hops, SizeIs(3));
  EXPECT_EQ(hops[0].second, 3);
  EXPECT_NEAR(hops[1].first, 1.2, 1e-9);
  EXPECT_EQ(hops[2], (std::pair{10.0, 2.0}));
}

TEST(ExpectVerdict, ALongStoryLosesItsMiddle) {
  Stage stage;
  for (int i = 0; i < 500; ++i)
    stage.route(1 + i * 0.01, i % 2 ? all_nodes : std::vector<std::string>{"node1"});
  stage.expect(within(1s, model::RouteExpectation{"router", *sys::Prefix::parse("10.1.1.0/24"), all_nodes}));
  const auto story = stage.finding().story;
  EXPECT_THAT(story, SizeIs(56));
  EXPECT_EQ(story[40], "… 445 more events …");
}

TEST(ExpectDescribe, StepsReadAsAnEngineerWouldSayThem) {
  const auto text = [](auto what) { return expect::describe(model::Step{.what = what}); };
  EXPECT_EQ(text(model::KillProcess{"web-lb-2", "exabgp", 9, false}),
            "kill exabgp in web-lb-2 (KILL, never again)");
  EXPECT_EQ(text(model::KillProcess{"rr", "", 15, true}), "kill all processes in rr (TERM)");
  EXPECT_EQ(text(model::FreezeProcess{"rr", "gobgpd"}), "freeze gobgpd in rr (STOP)");
  EXPECT_EQ(text(model::SetLinkState{"r2", "eth1", false}), "r2's eth1 goes down");
  EXPECT_EQ(text(model::SetLinkState{"r2", "", true}), "r2's first link goes up");
  EXPECT_EQ(text(model::FlapLink{"r2", "eth0", 3, 500ms}), "r2's eth0 flaps 3 times, every 500 ms");
  EXPECT_EQ(text(model::ImpairLink{"client",
                                   "eth0",
                                   model::ImpairLink::Direction::from,
                                   {.delay = 20ms, .jitter = 5ms, .loss = 0.5, .rate_bits = 10'000'000}}),
            "impair client's eth0, sending: delay 20 ms ± 5 ms, loss 0.5 %, rate 10 Mbit/s");
  EXPECT_EQ(text(model::ScaleService{"web", model::Drawn<int>{6, 6}, model::Drawn<int>{1, 3}}),
            "scale web to 6 pods and 1 to 3 load balancers");
  EXPECT_EQ(text(model::Wait{{1500ms, 1500ms}}), "wait 1.5 s");
  EXPECT_EQ(text(model::Connect{"web-1", "router"}), "connect web-1 to router");
}

TEST(ExpectDescribe, ExpectationsSayWhenAndWhat) {
  const auto prefix = *sys::Prefix::parse("10.1.2.0/24");
  EXPECT_EQ(expect::describe(never(model::RouteExpectation{"router", prefix, {"node1"}})),
            "never router: 10.1.2.0/24 via node1");
  EXPECT_EQ(expect::describe(throughout(2s, model::RouteExpectation{"router", prefix, {}})),
            "router: 10.1.2.0/24 absent throughout 2 s");
  EXPECT_EQ(expect::describe(throughout(0s, model::RouteExpectation{"router", prefix, {}})),
            "router: 10.1.2.0/24 absent throughout");
  EXPECT_EQ(expect::describe(throughout(0s, model::FlowExpectation{.lost = 0})),
            "at most 0 long-lived connections lost");
  EXPECT_EQ(expect::describe(in_window(model::RequestExpectation{.failed = 3, .only_in_flight = true})),
            "at most 3 requests failed, those in flight when the route changed aside");
  constexpr int any = std::numeric_limits<int>::max();
  EXPECT_EQ(expect::describe(in_window(model::RequestExpectation{.failed = any, .rate = 0.99})),
            "at least 99 % of requests answered");
  EXPECT_EQ(expect::describe(in_window(model::RequestExpectation{.failed = 0, .rate = 0.99})),
            "every request answered, at least 99 % of those due");
  EXPECT_EQ(expect::describe(in_window(model::RequestExpectation{.failed = any})),
            "any number of requests failed");
  EXPECT_EQ(expect::describe(in_window(model::OutageExpectation{.max = 1s, .p99 = 300ms})),
            "outage at most 1 s, p99 at most 300 ms");
  EXPECT_EQ(
      expect::describe(within(1s, model::OrderExpectation{{{{"event", "announce"}, {"state", "withdrawn"}},
                                                           {{"event", "process"}, {"state", "ended"}}}})),
      "events in order: announce (state withdrawn), then process (state ended) within 1 s");
}

TEST(ExpectDescribe, OnlyWhatChangesTheLabIsAnAction) {
  const auto is_action = [](auto what) { return expect::is_action(model::Step{.what = what}); };
  EXPECT_TRUE(is_action(model::ThawProcess{}));
  EXPECT_TRUE(is_action(model::ScaleService{}));
  EXPECT_FALSE(is_action(model::Wait{}));
  EXPECT_FALSE(is_action(model::Connect{}));
  EXPECT_FALSE(is_action(model::Expectation{}));
}

}  // namespace
}  // namespace lblab::test
