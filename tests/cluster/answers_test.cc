#include <boost/math/distributions/chi_squared.hpp>
#include <numeric>

#include "tests/cluster/tested_lab.hpp"

using testing::SizeIs;

namespace {

/// The probability of counts at least this uneven if every bin had the same chance.
double p_of_even(const std::vector<long>& counts) {
  const double expected = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0L)) /
                          static_cast<double>(counts.size());
  double chi_squared = 0;
  for (const long count : counts)
    chi_squared +=
        (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  return cdf(complement(boost::math::chi_squared(static_cast<double>(counts.size() - 1)), chi_squared));
}

long sum(const std::map<std::string, long>& counts) {
  long total = 0;
  for (const auto& [server, count] : counts) total += count;
  return total;
}

}  // namespace

TEST_F(TestedLab, SixHundredConnectionsAreSharedByAllPodsAndAllLoadBalancers) {
  std::vector<long> before, balancers, pods;
  for (const auto* lb : {"web-lb-1", "web-lb-2", "web-lb-3"}) before.push_back(sum(lab().connections(lb)));
  const auto bodies = fetch(600);
  ASSERT_THAT(bodies, SizeIs(600));
  std::map<std::string, long> by_pod;
  for (const auto& body : bodies) ++by_pod[body];
  for (const auto& [pod, count] : by_pod) pods.push_back(count);
  ASSERT_THAT(pods, SizeIs(6)) << testing::PrintToString(by_pod);
  EXPECT_GT(p_of_even(pods), 1e-6) << testing::PrintToString(by_pod);
  for (int n = 1; n <= 3; ++n)
    balancers.push_back(sum(lab().connections("web-lb-" + std::to_string(n))) -
                        before[static_cast<size_t>(n) - 1]);
  EXPECT_EQ(std::accumulate(balancers.begin(), balancers.end(), 0L), 600);
  EXPECT_GT(p_of_even(balancers), 1e-6) << testing::PrintToString(balancers);
}

TEST_F(TestedLab, TheShareTestWouldSeeALoadBalancerThatGetsHalfAsMuch) {
  EXPECT_LT(p_of_even({240, 240, 120}), 1e-6);
}

/// findings of namespaces: with fib_multipath_hash_policy=1 a veth carries the socket's own hash, and one
/// 5-tuple goes two ways.
TEST_F(TestedLab, OneFiveTupleGoesToOneNextHopFortyTimesOfForty) {
  std::vector<long> before, got;
  for (const auto* lb : {"web-lb-1", "web-lb-2", "web-lb-3"}) before.push_back(sum(lab().connections(lb)));
  for (int i = 0; i < 40; ++i)
    lab().must_in("client", {"curl", "-sS", "--max-time", "20", "--local-port", "40001", "-H",
                             "Connection: close", "http://10.1.1.7/"});
  for (int n = 1; n <= 3; ++n)
    got.push_back(sum(lab().connections("web-lb-" + std::to_string(n))) - before[static_cast<size_t>(n) - 1]);
  std::ranges::sort(got);
  EXPECT_EQ(got[0], 0);
  EXPECT_EQ(got[1], 0);
  EXPECT_GT(got[2], 0);
}

TEST_F(TestedLab, TheRouterHashesThePacketAndNotTheSendersSocket) {
  EXPECT_EQ(lab().must_in("router", {"sysctl", "-n", "net.ipv4.fib_multipath_hash_policy"}), "3\n");
  EXPECT_EQ(lab().must_in("router", {"sysctl", "-n", "net.ipv4.fib_multipath_hash_fields"}), "55\n");
}
