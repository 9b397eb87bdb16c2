#include <gmock/gmock.h>

#include "expect_stage.hpp"

/// What was sampled of IPVS, as a line over time.
namespace lblab::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

json connections(int established, int closing) {
  return {{"event", "ipvs-connections"},
          {"host", "web-lb-1"},
          {"earliest", 0},
          {"total", established + closing},
          {"connections",
           {{{"address", "172.16.1.2:80"}, {"states", {{"ESTABLISHED", established}}}},
            {{"address", "172.16.1.3:80"}, {"states", {{"TIME_WAIT", closing}, {"UDP", 1}}}}}}};
}

TEST(ExpectSeries, ConnectionsOfALoadBalancerThatAreAtWork) {
  Stage stage;
  stage.event(-1, connections(9, 9));
  stage.event(1, connections(3, 0));
  stage.event(2, connections(5, 40));
  const auto verdict = stage.judge();
  const auto found = std::ranges::find(verdict.series, "connections through web-lb-1", &expect::Series::name);
  ASSERT_NE(found, verdict.series.end());
  EXPECT_THAT(found->points,
              ElementsAre(Pair(testing::DoubleNear(1, 1e-9), 4), Pair(testing::DoubleNear(2, 1e-9), 6),
                          Pair(testing::DoubleNear(10, 1e-9), 6)));
}

}  // namespace
}  // namespace lblab::test
