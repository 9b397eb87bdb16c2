#include <unistd.h>

#include "lab/apply/steering.hpp"
#include "tests/kernel/lab_fixture.hpp"

/// Queues of a veth and the processors that serve them, as `ip -d` and the host's own sysfs show them.
namespace lblab {
namespace {

class SteeringOnThisKernel : public KernelTest {
 protected:
  std::string rps_cpus(const std::string& host, int queue) {
    auto text = run(host, {"cat", "/sys/class/net/eth0/queues/rx-" + std::to_string(queue) + "/rps_cpus"});
    while (!text.empty() && text.back() == '\n') text.pop_back();
    text.erase(0,
               std::min(text.find_first_not_of("0,"), text.size()));  // as wide as the machine has processors
    return text;
  }
  nlohmann::json link(const std::string& host) { return ip(host, "-d link show eth0").at(0); }
};

/// What processor 0 and the last one are, and both, as masks.
std::string last_mask() { return apply::cpu_mask({static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)) - 1}); }

Lab steered(int queues, std::vector<std::vector<int>> steering) {
  auto lab = two_hosts();
  for (auto& [name, host] : lab.hosts) host.links[0].queues = queues;
  lab.hosts["right"].links[0].steering = std::move(steering);
  return lab;
}

TEST_F(SteeringOnThisKernel, BothEndsHaveTheQueuesAndEachQueueItsProcessors) {
  const int last = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)) - 1;
  up(steered(3, {{0}, {last}, {}}));
  for (const auto* host : {"left", "right"}) {
    EXPECT_EQ(link(host)["num_rx_queues"], 3) << host;
    EXPECT_EQ(link(host)["num_tx_queues"], 3) << host;
  }
  EXPECT_EQ(rps_cpus("right", 0), "1");
  EXPECT_EQ(rps_cpus("right", 1), last_mask());
  EXPECT_EQ(rps_cpus("right", 2), "");
  EXPECT_EQ(rps_cpus("left", 0), "") << "the other end was steered as well";
}

TEST_F(SteeringOnThisKernel, WithoutSettingsThereIsOneQueueAndNobodyIsSteered) {
  up(two_hosts());
  EXPECT_EQ(link("right")["num_rx_queues"], 1);
  EXPECT_EQ(rps_cpus("right", 0), "");
}

TEST_F(SteeringOnThisKernel, ProcessorsThatTheMachineLacksStartAgainAtZero) {
  const int all = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF));
  up(steered(1, {{all}}));
  EXPECT_EQ(rps_cpus("right", 0), "1");
}

TEST_F(SteeringOnThisKernel, ProcessorsChangeWhileTheLinkLivesAndAreTakenBack) {
  auto have = steered(1, {{0}});
  up(have);
  const int index = link("right")["ifindex"];
  for (auto want : {steered(1, {}), steered(1, {{0}})}) {
    kernel_->apply(plan::compile(have, want));
    EXPECT_EQ(rps_cpus("right", 0), want.hosts["right"].links[0].steering.empty() ? "" : "1");
    have = want;
  }
  EXPECT_EQ(link("right")["ifindex"], index) << "the link was made anew";
}

TEST_F(SteeringOnThisKernel, AnotherNumberOfQueuesMakesTheLinkAnew) {
  const auto have = steered(1, {}), want = steered(2, {{0}, {0}});
  up(have);
  kernel_->apply(plan::compile(have, want));
  EXPECT_EQ(link("left")["num_rx_queues"], 2);
  EXPECT_EQ(rps_cpus("right", 1), "1");
  EXPECT_EQ(ip("right", "addr show eth0").at(0)["addr_info"].at(0)["local"], "10.9.0.2");
}

TEST(CpuMask, HasAWordForEach32ProcessorsTheHighestFirst) {
  EXPECT_EQ(apply::cpu_mask({}), "0");
  EXPECT_EQ(apply::cpu_mask({0}), "1");
  EXPECT_EQ(apply::cpu_mask({1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15}),
            "fefe");  // the papers' Figure 2.8
  EXPECT_EQ(apply::cpu_mask({32}), "1,00000000");
  EXPECT_EQ(apply::cpu_mask({64, 0}), "1,00000000,00000001");
}

}  // namespace
}  // namespace lblab
