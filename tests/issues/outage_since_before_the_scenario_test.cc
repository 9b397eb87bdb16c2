#include <gtest/gtest.h>

#include "tests/unit/expect_stage.hpp"

/// Probes send before the scenario begins. A service that answered none of their datagrams had "no datagram
/// lost" in the first window: the outage had begun before it, and so was no window's.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;

Stage unanswered_until(double end) {
  Stage stage;
  stage.udp(4, -0.5, 4, [&](int flow, double t) { return t < end ? 0 : Stage::usual(flow); });
  stage.expect(in_window(model::OutageExpectation{.max = 1s}));
  return stage;
}

TEST(Issues, AnOutageThatTheScenarioBeginsInBelongsToItsFirstWindow) {
  EXPECT_EQ(unanswered_until(5).finding().outcome, expect::Outcome::failed);
  EXPECT_EQ(unanswered_until(2).finding().outcome, expect::Outcome::failed);
}

TEST(Issues, AnOutageThatIsOverBeforeTheScenarioIsNobodys) {
  EXPECT_EQ(unanswered_until(-0.1).finding().outcome, expect::Outcome::passed);
}

}  // namespace
}  // namespace lblab::test
