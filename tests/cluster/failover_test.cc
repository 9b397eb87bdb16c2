#include "tests/cluster/tested_lab.hpp"

using testing::SizeIs;

namespace {

constexpr double at_once_s = 1.0;
constexpr double hold_time_s = 9.0;  // the default of both sides

}  // namespace

class Failover : public TestedLab {
 protected:
  static inline const Set without_2{"10.0.0.105", "10.0.0.107"};

  /// After `fault`, which the event `first` tells of, the router loses node 2 within `limit_s`; later
  /// connections all succeed. After `mend` it is back.
  static void loses_node_2(const std::string& fault, const lblab::fixtures::LabUnderTest::Matches& first,
                           double limit_s, const std::string& mend) {
    size_t mark = lab().mark();
    lab().must(fault);
    const auto begun = lab().event(mark, first, long_enough);
    ASSERT_TRUE(begun) << fault;
    const auto followed = lab().route_becomes(mark, web, without_2, long_enough);
    ASSERT_TRUE(followed) << fault << " changed no route";
    EXPECT_LE(between(*begun, *followed), limit_s) << fault;
    EXPECT_EQ(lab().next_hops("router", web), without_2);
    EXPECT_THAT(fetch(30), SizeIs(30)) << "after " << fault;
    if (!mend.empty()) lab().must(mend);
    ASSERT_TRUE(lab().route_becomes(mark + 1, web, all_nodes, long_enough)) << "not back after " << mend;
    EXPECT_EQ(lab().next_hops("router", web), all_nodes);
    EXPECT_THAT(fetch(30), SizeIs(30)) << "after " << mend;
  }
};

TEST_F(Failover, ExabgpTerminatedForGood) {
  loses_node_2("kill web-lb-2/exabgp --signal TERM --restart never", signalled("web-lb-2", "exabgp"),
               at_once_s, "start web-lb-2/exabgp");
}

TEST_F(Failover, ExabgpKilledForGood) {
  loses_node_2("kill web-lb-2/exabgp --signal KILL --restart never", signalled("web-lb-2", "exabgp"),
               at_once_s, "start web-lb-2/exabgp");
}

TEST_F(Failover, ExabgpTerminatedComesBackByItself) {
  loses_node_2("kill web-lb-2/exabgp --signal TERM --restart after", signalled("web-lb-2", "exabgp"),
               at_once_s, "");
}

TEST_F(Failover, ExabgpKilledComesBackByItself) {
  loses_node_2("kill web-lb-2/exabgp --signal KILL --restart after", signalled("web-lb-2", "exabgp"),
               at_once_s, "");
}

TEST_F(Failover, LbdTerminatedWithdrawsFirst) {
  loses_node_2("kill web-lb-2/lbd --signal TERM --restart never", signalled("web-lb-2", "lbd"), at_once_s,
               "start web-lb-2/lbd");
}

TEST_F(Failover, LbdGoneForLongerThanItsLimitIsWithdrawnAndNotBefore) {
  constexpr double limit_s = 5.0;  // announce-limit in lab.yaml
  const size_t mark = lab().mark();
  lab().must("kill web-lb-2/lbd --signal KILL --restart never");
  const auto killed = lab().event(mark, signalled("web-lb-2", "lbd"), long_enough);
  const auto followed = lab().route_becomes(mark, web, without_2, long_enough);
  ASSERT_TRUE(killed && followed);
  EXPECT_GE(between(*killed, *followed), limit_s - 0.1);
  EXPECT_LE(between(*killed, *followed), limit_s + at_once_s);
  lab().must("start web-lb-2/lbd");
  EXPECT_TRUE(lab().route_becomes(mark + 1, web, all_nodes, long_enough));
  EXPECT_THAT(fetch(30), SizeIs(30));
}

TEST_F(Failover, LbdBackWithinItsLimitIsNotNoticedByAnyone) {
  const size_t mark = lab().mark();
  lab().must("kill web-lb-2/lbd --signal KILL --restart after");
  const auto ready = lab().event(
      mark,
      [](const Json& e) {
        return e["event"] == "process" && e["state"] == "ready" && e["host"] == "web-lb-2";
      },
      long_enough);
  ASSERT_TRUE(ready);
  EXPECT_THAT(fetch(30), SizeIs(30));
  EXPECT_FALSE(lab().route_becomes(mark, web, without_2, std::chrono::seconds(0)));
  EXPECT_EQ(lab().next_hops("router", web), all_nodes);
}

/// The session's end would withdraw too, and cut short what lbd still serves.
TEST_F(Failover, ALoadBalancerScaledAwayWithdrawsAndDrainsBeforeItsSessionEnds) {
  const auto ended = [](const char* process) {
    return [=](const Json& e) {
      return e["event"] == "process" && e["state"] == "ended" && e["host"] == "web-lb-3" &&
             e["process"] == process;
    };
  };
  const size_t mark = lab().mark();
  lab().must("scale web/lb=2");
  const auto withdrawn = lab().route_becomes(mark, web, {"10.0.0.105", "10.0.0.106"}, long_enough);
  const auto lbd = lab().event(mark, ended("lbd"), long_enough);
  const auto exabgp = lab().event(mark, ended("exabgp"), long_enough);
  lab().must("scale web/lb=3");
  ASSERT_TRUE(withdrawn && lbd && exabgp);
  EXPECT_GT(between(*withdrawn, *lbd), 0) << "lbd ended before its route had gone";
  EXPECT_GT(between(*lbd, *exabgp), 0) << "exabgp ended before lbd had drained";
  EXPECT_THAT(fetch(30), SizeIs(30));
}

TEST_F(Failover, APodsCarrierIsLost) {
  loses_node_2("link web-lb-2:eth0 down", carrier_lost("web-lb-2"), hold_time_s + at_once_s,
               "link web-lb-2:eth0 up");
}

TEST_F(Failover, ANodesCarrierIsLost) {
  loses_node_2("link node2:eth0 down", carrier_lost("node2"), hold_time_s + at_once_s, "link node2:eth0 up");
}
