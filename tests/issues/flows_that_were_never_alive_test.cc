#include <gtest/gtest.h>

#include "tests/unit/expect_stage.hpp"

/// Connections that nobody ever answered were lost before the scenario began, and so in none of its windows:
/// "0 of 4 alive, 0 lost" passed as "at most 0 lost".
namespace lblab::test {
namespace {

using End = probe::Flow::End;
using expect::Outcome;

probe::Flow& unanswered(Stage& stage) {
  auto& flow = stage.flow(End::silent);
  flow.exchanges.clear();
  return flow;
}

TEST(Issues, AConnectionThatNobodyEverAnsweredIsLostInTheFirstWindow) {
  Stage stage;
  unanswered(stage);
  stage.flow(End::survived);
  stage.expect(in_window(model::FlowExpectation{.lost = 0}));
  EXPECT_EQ(stage.finding().outcome, Outcome::failed);
}

TEST(Issues, NothingIsKnownOfConnectionsOfWhichNoneIsAliveWhenAWindowOpens) {
  Stage stage;
  unanswered(stage);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(in_window(model::FlowExpectation{.lost = 0}));
  EXPECT_EQ(stage.finding().outcome, Outcome::inconclusive);
}

TEST(Issues, AConnectionLostBeforeIsNotThisWindows) {
  Stage stage;
  unanswered(stage);
  stage.flow(End::survived);
  stage.act(1, model::ReloadProcess{"router", "fibd"});
  stage.expect(in_window(model::FlowExpectation{.lost = 0}));
  EXPECT_EQ(stage.finding().outcome, Outcome::passed);
}

}  // namespace
}  // namespace lblab::test
