#include "tests/bench/plain_nodes.hpp"
#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

TEST_F(KernelTest, TenPlainNodesByPlanAreTenPlainNodesByIp) {
  const auto by_plan = bench::by_plan(10, true, state_), by_ip = bench::by_ip(10, state_);
  by_plan->up();
  by_ip->up();
  for (const auto* host : {"fabric", "n1", "n10"})
    EXPECT_EQ(seen(*by_plan, host), seen(*by_ip, host)) << host;
  EXPECT_EQ(seen(*by_plan, "n1")["routes"]["default"][0]["gateway"], "10.77.0.1");
  by_plan->down();
  by_ip->down();
}

}  // namespace
}  // namespace lblab
