#include "tests/cluster/tested_lab.hpp"

using testing::SizeIs;

namespace {

constexpr double interval_s = 1, timeout_s = 1;  // defaults of a topology's `health`
constexpr int fall = 3;

}  // namespace

class HealthChecks : public TestedLab {
 protected:
  static auto health(const std::string& balancer, const std::string& server, const std::string& state) {
    return [=](const Json& e) {
      return e["event"] == "health" && e["host"] == balancer && e["destination"] == server &&
             e["state"] == state;
    };
  }
};

TEST_F(HealthChecks, ADeadPodLeavesEveryTableInTimeAndReturns) {
  const std::string dead = "172.16.1.2:80";  // web-1
  size_t mark = lab().mark();
  lab().must("kill web-1 --restart never");
  const auto killed = lab().event(mark, signalled("web-1", "nginx"), long_enough);
  ASSERT_TRUE(killed);
  for (const auto* lb : {"web-lb-1", "web-lb-2", "web-lb-3"}) {
    const auto down = lab().event(mark, health(lb, dead, "down"), long_enough);
    ASSERT_TRUE(down) << lb;
    EXPECT_LE(between(*killed, *down), interval_s * fall + timeout_s + 1) << lb;
    const auto removed = lab().event(
        mark, [&](const Json& e) { return e["event"] == "table" && e["host"] == lb; }, long_enough);
    ASSERT_TRUE(removed) << lb;
    EXPECT_LE(between(*killed, *removed), interval_s * fall + timeout_s + 1) << lb;
    EXPECT_FALSE(lab().real_servers(lb).contains(dead)) << lb;
  }
  EXPECT_THAT(fetch(30), SizeIs(30));
  mark = lab().mark();
  lab().must("start web-1");
  for (const auto* lb : {"web-lb-1", "web-lb-2", "web-lb-3"}) {
    ASSERT_TRUE(lab().event(mark, health(lb, dead, "up"), long_enough)) << lb;
    ASSERT_TRUE(lab().event(
        mark, [&](const Json& e) { return e["event"] == "table" && e["host"] == lb; }, long_enough))
        << lb;
    EXPECT_TRUE(lab().real_servers(lb).contains(dead)) << lb;
  }
}

TEST_F(HealthChecks, AServiceWithoutAPodIsWithdrawnAndAnnouncedAgain) {
  size_t mark = lab().mark();
  for (int n = 1; n <= 3; ++n) lab().must("kill app-" + std::to_string(n) + " --restart never");
  ASSERT_TRUE(lab().route_becomes(mark, app, {}, long_enough));
  EXPECT_TRUE(lab().next_hops("router", app).empty());
  EXPECT_EQ(lab().next_hops("router", web), all_nodes);
  mark = lab().mark();
  for (int n = 1; n <= 3; ++n) lab().must("start app-" + std::to_string(n));
  const auto back = lab().event(
      mark,
      [](const Json& e) {
        return e["event"] == "route" && e["host"] == "router" && e.value("destination", "") == app &&
               e["via"].size() == 2;
      },
      long_enough);
  ASSERT_TRUE(back);
  EXPECT_THAT(lab().next_hops("router", app), SizeIs(2));
  EXPECT_THAT(fetch(20, "http://10.1.2.1/"), SizeIs(20));
}
