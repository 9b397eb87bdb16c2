#include <gtest/gtest-spi.h>

#include "fixtures/scenario/matchers.hpp"
#include "fixtures/scenario/on_lab.hpp"
#include "tests/cluster/tested_lab.hpp"

using namespace lblab::fixtures;
using namespace std::chrono_literals;
using testing::SizeIs;

/// Scenarios in C++, as README.md has them.
class PlayedLab : public TestedLab {};

TEST_F(PlayedLab, ABgpSpeakerIsKilledAndComesBack) {
  play(lab(), [](Play& lab) {
    lab.traffic(HttpTraffic{.to = "web", .rate = 10});
    lab.kill("exabgp", In{"web-lb-2"}, Restart::never);
    EXPECT_THAT(lab, Within(1s, HasRoute(web, In{"router"}, Via{"node1", "node3"})));
    EXPECT_THAT(lab, Within(1s, HasSessions(With{"router", "web-lb-1", "web-lb-3", "app-lb-1", "app-lb-2"},
                                            In{"rr"})));
    EXPECT_THAT(lab, HappenInOrder({Event("session", {{"host", "rr"}, {"state", "down"}}),
                                    Event("route", {{"host", "router"}})}));
    lab.wait(500ms);
    EXPECT_THAT(lab, AnswersRequests({.only_in_flight = true}));
    lab.start("exabgp", In{"web-lb-2"});
    EXPECT_THAT(lab, Within(60s, HasRoute(web, In{"router"}, Via{"web"})));
    EXPECT_THAT(lab, CountsAtMost({{"reverse-path-filter", 0}, {"conntrack-insert-failed", 0}}));
  });
}

TEST_F(PlayedLab, AServerSeesTheLoadBalancersAndNotTheClient) {
  play(lab(), [](Play& lab) {
    lab.traffic(HttpTraffic{.to = "web", .rate = 20});
    lab.wait(1s);
    EXPECT_THAT(lab, ShowsSource(Of::http, Is{"web"}));
    lab.connect(From{"web-1"}, To{"client"});
    EXPECT_THAT(lab, ShowsSource(Of::connect, Is{"node1"}));
  });
}

TEST_F(PlayedLab, AnExpectationThatFailsTellsTheStoryAndTheLabIsPutBack) {
  EXPECT_NONFATAL_FAILURE(play(lab(),
                               [](Play& lab) {
                                 lab.link_down(LinkOf{"client"});
                                 EXPECT_THAT(lab, Within(300ms, HasNoRoute(web, In{"router"})));
                                 EXPECT_THAT(lab, Throughout(HasRoute(web, In{"router"}, Via{"web"})));
                               }),
                          "▶ #1 client's first link goes down");
  EXPECT_THAT(fetch(5), SizeIs(5));
}

TEST_F(PlayedLab, AHostThatIsNotThereIsNamedBeforeAnythingIsDone) {
  const size_t mark = lab().mark();
  EXPECT_THROW(play(lab(), [](Play& lab) { lab.crash("node9"); }), std::invalid_argument);
  EXPECT_EQ(lab().mark(), mark);
}
