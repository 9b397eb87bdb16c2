#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <filesystem>
#include <limits>
#include <set>

#include "fixtures/scenario/matchers.hpp"
#include "fixtures/scenario/written.hpp"
#include "lab/expect/describe.hpp"
#include "lab/model/parse.hpp"
#include "lab/model/unroll.hpp"
#include "lab/sys/fd.hpp"
#include "tests/unit/expect_stage.hpp"

/// Scenarios in C++: what their words mean, and what a matcher says that fails.
namespace lblab::test {
namespace {

using namespace fixtures;
using namespace std::chrono_literals;
using expect::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int any_number = std::numeric_limits<int>::max();

std::string source(const std::string& file) {
  return sys::read_file(std::string(LBLAB_SOURCE_DIR) + "/" + file);
}

/// One step, or one expectation, of each kind.
void one_of_each(Play& lab) {
  lab.traffic(UdpTraffic{.to = "web", .flows = 24, .rate = 120});
  lab.traffic(HttpTraffic{.to = "web", .rate = 10});
  lab.traffic(FlowTraffic{.to = "web", .count = 5});
  lab.kill("lbd", In{"web-lb-2"}, Restart::never, SIGTERM);
  EXPECT_THAT(lab, Within(1s, HasRoute("10.1.1.0/24", In{"router"}, Via{"node1", "node3"})));
  EXPECT_THAT(lab, HappenInOrder({Event("session", {{"state", "down"}}), Event("route")}));
  lab.start("lbd", In{"web-lb-2"});
  EXPECT_THAT(lab, Throughout(2s, HasSessions(With{"router", "web-lb-1"}, In{"rr"})));
  EXPECT_THAT(lab, HasOutage({.max = 1s, .min = 10ms, .p99 = 900ms}));
  lab.freeze("exabgp", In{"web-lb-2"});
  EXPECT_THAT(lab, Never(HasRealServers({"web-1"}, In{"web-lb-1"})));
  EXPECT_THAT(lab, Never(Happens(Event("announce", {{"host", "web-lb-1"}}))));
  lab.thaw("exabgp", In{"web-lb-2"});
  EXPECT_THAT(lab, AnswersRequests());
  EXPECT_THAT(lab, AnswersRequests({.failed = any_number, .rate = 0.99}));
  lab.reload("nginx", In{"web-1"});
  EXPECT_THAT(lab, KeepsFlows());
  EXPECT_THAT(lab, KeepsFlows({.survive = 4}));
  lab.delete_pod("web-2");
  EXPECT_THAT(lab, MovesFlows({.needlessly = 2}));
  lab.recover("web-2");
  EXPECT_THAT(lab, IsFair({.over = Over::both, .p = 1e-9}));
  lab.crash("node3");
  EXPECT_THAT(lab, Throughout(HasNoRoute("10.9.0.0/16", In{"router"})));
  lab.recover("node3");
  lab.partition("node1");
  lab.heal("node1");
  lab.link_down(LinkOf{"node2"});
  lab.link_up(LinkOf{"node2", "eth0"});
  lab.flap(LinkOf{"client"}, 2, 400ms);
  lab.impair(LinkOf{"client"}, {.delay = 20ms, .jitter = 5ms, .loss = 1.5, .rate_bits = 10'000'000},
             Direction::to);
  lab.repair(LinkOf{"client"});
  lab.scale("web", Pods{4}, LoadBalancers{1, 3});
  lab.connect(From{"client"}, To{"web-1"});
  EXPECT_THAT(lab, ShowsSource(Of::connect, Is{"client"}));
  EXPECT_THAT(
      lab,
      CountsAtMost({{"reverse-path-filter", 0}, {"conntrack-insert-failed", 1}, {"icmp-unreachable", 2}}));
  lab.wait(1s, 2s);
  lab.repeat(3, [](Play& lab) {
    lab.scale("web", Pods{1, 6});
    EXPECT_THAT(lab, HasOutage({.p99 = 1s}));
  });
  lab.one_of({[](Play& lab) { lab.wait(1s); },
              [](Play& lab) {
                lab.scale("web", LoadBalancers{2});
                lab.wait(2s);
              }});
  lab.at(60s).kill("", In{"web-lb-3"});
}

void add_words(const std::vector<model::Step>& steps, std::vector<std::string>& words) {
  for (const auto& step : steps) {
    words.push_back((step.at ? "later " : "") + expect::describe(step));
    if (const auto* repeat = std::get_if<model::Repeat>(&step.what)) add_words(repeat->steps, words);
    if (const auto* one_of = std::get_if<model::OneOf>(&step.what)) add_words(one_of->steps, words);
  }
}
std::vector<std::string> words(const model::Scenario& scenario) {
  std::vector<std::string> all;
  add_words(scenario.steps, all);
  return all;
}

model::Scenario learnt(const Play::Body& body) {
  Play lab{"a test"};
  body(lab);
  return lab.scenario();
}

TEST(Play, HasEveryStepAndEveryExpectation) {
  EXPECT_THAT(
      words(learnt(one_of_each)),
      ElementsAre(
          "kill lbd in web-lb-2 (TERM, never again)",
          "expect router: 10.1.1.0/24 via node1, node3 within 1 s",
          "expect events in order: session (state down), then route", "start lbd in web-lb-2",
          "expect rr: BGP sessions with router, web-lb-1 throughout 2 s",
          "expect outage at most 1 s, at least 10 ms, p99 at most 900 ms", "freeze exabgp in web-lb-2 (STOP)",
          "expect never web-lb-1: real servers web-1", "expect never event announce (host web-lb-1)",
          "thaw exabgp in web-lb-2 (CONT)", "expect every request answered",
          "expect at least 99 % of requests answered", "reload nginx in web-1 (HUP)",
          "expect at most 0 long-lived connections lost", "expect at least 4 long-lived connections alive",
          "delete web-2", "expect at most 2 flows leave a next hop that stays", "recover web-2",
          "expect next hop and real server independent (p >= 1e-09)", "crash node3",
          "expect router: 10.9.0.0/16 absent throughout", "recover node3", "partition node1", "heal node1",
          "node2's first link goes down", "node2's eth0 goes up",
          "client's first link flaps 2 times, every 400 ms",
          "impair client's first link, receiving: delay 20 ms ± 5 ms, loss 1.5 %, rate 10 Mbit/s",
          "repair client's first link", "scale web to 4 pods and 1 to 3 load balancers",
          "connect client to web-1", "expect source seen (connect) is client",
          "expect at most 0 dropped by reverse-path filters, at most 1 conntrack insertions failed, at most "
          "2 ICMP unreachable sent",
          "wait 1 s to 2 s", "repeat 3 times", "scale web to 1 to 6 pods", "expect outage p99 at most 1 s",
          "one of 2", "repeat 1 times", "wait 1 s", "repeat 1 times", "scale web to 2 load balancers",
          "wait 2 s", "later kill all processes in web-lb-3 (KILL)"));
}

void add_kinds(const std::vector<model::Step>& steps, std::set<std::size_t>& kinds,
               std::set<std::size_t>& expectations) {
  for (const auto& step : steps) {
    kinds.insert(step.what.index());
    if (const auto* e = std::get_if<model::Expectation>(&step.what)) expectations.insert(e->what.index());
    if (const auto* repeat = std::get_if<model::Repeat>(&step.what))
      add_kinds(repeat->steps, kinds, expectations);
  }
}

/// A kind that is new in lab/model/scenario.hpp fails here until a Play has it.
TEST(Play, LacksNoKindOfTheModel) {
  std::set<std::size_t> kinds, expectations;
  add_kinds(learnt(one_of_each).steps, kinds, expectations);
  EXPECT_EQ(kinds.size(), std::variant_size_v<decltype(model::Step::what)>);
  EXPECT_EQ(expectations.size(), std::variant_size_v<decltype(model::Expectation::what)>);
}

TEST(Play, IsWrittenAsATopologyFileThatReadsAsTheSame) {
  const auto scenario = learnt(one_of_each);
  const auto file = written(scenario, source("topologies/failover.yaml"));
  EXPECT_EQ(mistakes(file, scenario), "");
  const auto parsed = model::parse(file.text);
  ASSERT_TRUE(parsed.cluster) << file.text;
  ASSERT_EQ(parsed.cluster->scenarios.size(), 1u) << "those of the file are left out";
  EXPECT_EQ(words(parsed.cluster->scenarios[0]), words(scenario));
}

/// Traffic, marks and all else that words do not tell: what is written of what was read reads as the same.
TEST(Play, WritesEveryScenarioThatShips) {
  int scenarios = 0;
  for (const auto* folder : {"/topologies", "/tests/planted"})
    for (const auto& entry : std::filesystem::directory_iterator(std::string(LBLAB_SOURCE_DIR) + folder)) {
      if (entry.path().extension() != ".yaml") continue;
      const auto topology = sys::read_file(entry.path());
      const auto original = model::parse(topology);
      ASSERT_TRUE(original.cluster) << entry.path();
      for (const auto& scenario : original.cluster->scenarios) {
        const auto once = written(scenario, topology);
        const auto parsed = model::parse(once.text);
        ASSERT_TRUE(parsed.cluster) << once.text << mistakes(once, scenario);
        const auto& again = parsed.cluster->scenarios.at(0);
        EXPECT_EQ(words(again), words(scenario)) << entry.path();
        EXPECT_EQ(written(again, topology).text, once.text);
        ++scenarios;
      }
    }
  EXPECT_GT(scenarios, 20);
}

TEST(Play, AMistakeIsNamedByItsStep) {
  const auto scenario = learnt([](Play& lab) {
    lab.wait(1s);
    lab.repeat(2, [](Play& lab) {
      EXPECT_THAT(lab, Within(1s, HasRoute("10.1.1.0/24", In{"ruoter"}, Via{"node1"})));
    });
    lab.crash("node9");
  });
  const auto wrong = mistakes(written(scenario, source("topologies/failover.yaml")), scenario);
  EXPECT_THAT(wrong, HasSubstr("expect ruoter: 10.1.1.0/24 via node1 within 1 s: "));
  EXPECT_THAT(wrong, HasSubstr("did you mean 'router'?"));
  EXPECT_THAT(wrong, HasSubstr("crash node9: "));
}

/// A lab that is made up: whoever is killed goes as Stage has it, and the machine is late as asked.
class Troupe {
 public:
  explicit Troupe(double stall = 0) : stall_(stall) {}
  int performances = 0;

  expect::ScenarioVerdict operator()(const model::Scenario& scenario, std::uint64_t seed) {
    ++performances;
    Stage stage;
    stage.scenario = scenario;
    double t = 0;
    for (const auto& step : model::unroll(scenario, seed, {})) {
      if (const auto* expectation = std::get_if<model::Expectation>(&step.what)) {
        stage.expect(*expectation, step.mark.line);
        continue;
      }
      t += 1;
      if (std::holds_alternative<model::KillProcess>(step.what))
        stage.lose_balancer(t, 2, 0.3);
      else
        stage.act(t, model::Wait{});
      stage.evidence.steps.back().step.mark = step.mark;
      if (stall_ > 0) stage.stall({t + 0.01}, stall_);
    }
    stage.udp(6, 0, 8, [&](int flow, double) { return Stage::usual(flow); });
    return stage.judge();
  }

 private:
  double stall_;
};

constexpr const char* service = "10.1.1.0/24";

TEST(Play, WhatHoldsPasses) {
  Troupe troupe;
  play(std::ref(troupe), [](Play& lab) {
    EXPECT_THAT(lab, Throughout(HasRoute(service, In{"router"}, Via{"web"})));
    lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
    EXPECT_THAT(lab, Within(1s, HasRoute(service, In{"router"}, Via{"node1", "node3"})));
    EXPECT_THAT(lab, HappenInOrder({Event("session", {{"state", "down"}}), Event("route")}));
  });
  EXPECT_EQ(troupe.performances, 1);
}

TEST(Play, WhatDoesNotHoldFailsWithItsStory) {
  Play lab{"a test"};
  const auto kill = [&] {
    EXPECT_THAT(lab, Throughout(HasRoute(service, In{"router"}, Via{"web"})));
    lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
  };
  const testing::Matcher<const Play&> late =
      Within(100ms, HasRoute(service, In{"router"}, Via{"node1", "node3"}));
  kill();
  EXPECT_TRUE(late.Matches(lab)) << "while the steps are learnt";
  lab.judge_by(Troupe{}(lab.scenario(), 1));
  kill();
  testing::StringMatchResultListener story;
  EXPECT_FALSE(late.MatchAndExplain(lab, &story));
  EXPECT_EQ(testing::DescribeMatcher<const Play&>(late),
            "router: 10.1.1.0/24 via node1, node3 within 100 ms");
  EXPECT_THAT(story.str(), HasSubstr("failed\n"));
  EXPECT_THAT(story.str(), HasSubstr("▶ #1 kill exabgp in web-lb-2 (KILL, never again)"));
  EXPECT_THAT(story.str(), HasSubstr("session with web-lb-2 (172.16.2.4) down"));
  EXPECT_THAT(story.str(), HasSubstr("after 0.300 s"));
  EXPECT_THAT(story.str(), Not(HasSubstr("via web"))) << "what held is not its story";
}

TEST(Play, FailsWhereTheExpectationStands) {
  testing::TestPartResultArray failures;
  {
    const testing::ScopedFakeTestPartResultReporter reporter{
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures};
    play(Troupe{}, [](Play& lab) {
      lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
      EXPECT_THAT(lab, Never(HasRoute(service, In{"router"}, Via{"node1", "node3"})));
    });
  }
  ASSERT_EQ(failures.size(), 1);
  EXPECT_THAT(failures.GetTestPartResult(0).file_name(), HasSubstr("play_test.cc"));
  EXPECT_THAT(failures.GetTestPartResult(0).message(), HasSubstr("Value of: lab\n"));
  EXPECT_THAT(failures.GetTestPartResult(0).message(),
              HasSubstr("Expected: never router: 10.1.1.0/24 via node1, node3\n"));
}

TEST(Play, InconclusiveIsPlayedAgainAndThenSaysSo) {
  int performances = 0;
  EXPECT_NONFATAL_FAILURE(
      {
        Troupe busy{0.25};
        play(std::ref(busy), [](Play& lab) {
          lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
          EXPECT_THAT(lab, Within(290ms, HasRoute(service, In{"router"}, Via{"node1", "node3"})));
        });
        performances = busy.performances;
      },
      "inconclusive");
  EXPECT_EQ(performances, 3);
}

TEST(Play, InconclusiveOnceMayPassTheSecondTime) {
  int performances = 0;
  play(
      [&](const model::Scenario& scenario, std::uint64_t seed) {
        auto verdict = Troupe{}(scenario, seed);
        if (performances++ == 0) verdict.outcome = verdict.findings.at(0).outcome = Outcome::inconclusive;
        return verdict;
      },
      [](Play& lab) {
        lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
        EXPECT_THAT(lab, Within(1s, HasRoute(service, In{"router"}, Via{"node1", "node3"})));
      });
  EXPECT_EQ(performances, 2);
}

TEST(Play, WhatIsRepeatedFailsIfItFailedOnce) {
  Play lab{"a test"};
  const auto never_up = Never(Happens(Event("session", {{"state", "up"}})));
  const Play::Body body = [&](Play& lab) {
    lab.repeat(2, [&](Play& lab) {
      lab.kill("exabgp", In{"web-lb-2"});
      EXPECT_THAT(lab, never_up);
    });
  };
  body(lab);
  auto verdict = Troupe{}(lab.scenario(), 1);
  ASSERT_EQ(verdict.findings.size(), 2u);
  lab.judge_by(verdict);
  body(lab);
  verdict.findings[1].outcome = Outcome::failed;
  lab.judge_by(verdict);
  EXPECT_NONFATAL_FAILURE(body(lab), "never event session (state up)");
}

TEST(Play, ABodyThatDoesNotAskAgainFails) {
  EXPECT_NONFATAL_FAILURE(
      {
        int times = 0;
        play(Troupe{}, [&](Play& lab) {
          lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
          if (times++ > 0) return;
          EXPECT_THAT(lab, Throughout(HasRoute(service, In{"router"}, Via{"web"})));
        });
      },
      "not asked for the second time");
}

TEST(Play, WhatCannotBeCarriedOutIsOneFailure) {
  EXPECT_NONFATAL_FAILURE(play(
                              [](const model::Scenario& scenario, std::uint64_t seed) {
                                auto verdict = Troupe{}(scenario, seed);
                                verdict.trouble = "web-lb-2 is gone";
                                return verdict;
                              },
                              [](Play& lab) {
                                lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
                                EXPECT_THAT(lab, Throughout(HasRoute(service, In{"router"}, Via{"web"})));
                              }),
                          "could not be carried out: web-lb-2 is gone");
}

}  // namespace
}  // namespace lblab::test
