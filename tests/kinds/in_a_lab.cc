#include <gmock/gmock.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <iterator>

#include "tests/kinds/serving.hpp"

/// topologies/ecmp.yaml with one word changed: the kind of its load balancers. Of kinds, those that the
/// kernel of this test program is to have (DATAPLANES).
namespace lblab::kinds {
namespace {

using nlohmann::json;
using testing::SizeIs;
using Gateways = std::set<std::string>;

/// The probability of counts at least this uneven if every pod had the same chance.
double p_of_even(const std::map<std::string, long>& by_pod) {
  double total = 0, chi_squared = 0;
  for (const auto& [pod, count] : by_pod) total += static_cast<double>(count);
  const double expected = total / static_cast<double>(by_pod.size());
  for (const auto& [pod, count] : by_pod) {
    const double off = static_cast<double>(count) - expected;
    chi_squared += off * off / expected;
  }
  return cdf(complement(boost::math::chi_squared(static_cast<double>(by_pod.size() - 1)), chi_squared));
}

class Kind : public testing::TestWithParam<std::string> {
 protected:
  json real_servers(const std::string& balancer) {
    const auto all = json::parse(lab_.must("inspect --json"));
    return GetParam() == "keepalived" ? all["ipvs"][balancer] : all["real-servers"][balancer]["services"];
  }

  Changed topology_{"kind: ipvs", "kind: " + GetParam()};
  fixtures::LabUnderTest lab_{LBLAB_PROGRAM, topology_.file(), GetParam() + "-" + std::to_string(::getpid())};
};

TEST_P(Kind, ServesWithFairSharesAndReactsToAKilledPodAndALostLoadBalancer) {
  ASSERT_TRUE(all_serve(lab_));
  const auto shares = ask(lab_, 600);
  ASSERT_THAT(shares, SizeIs(6)) << testing::PrintToString(shares);
  EXPECT_GT(p_of_even(shares), 1e-6) << testing::PrintToString(shares);
  EXPECT_THAT(real_servers("web-lb-1")[0]["destinations"], SizeIs(6));

  auto mark = lab_.mark();
  lab_.must("kill web-2/nginx --restart never");
  for (const std::string balancer : {"web-lb-1", "web-lb-2", "web-lb-3"})
    ASSERT_TRUE(lab_.event(
        mark, [&](const json& e) { return e["event"] == "table" && e["host"] == balancer; }, long_enough))
        << balancer;
  const auto left = ask(lab_, 120);
  EXPECT_THAT(left, SizeIs(5));
  EXPECT_FALSE(left.contains("172.16.2.2")) << "web-2's address";

  mark = lab_.mark();
  lab_.must("kill web-lb-2 --restart never");
  ASSERT_TRUE(lab_.route_becomes(mark, web, Gateways{"10.0.0.105", "10.0.0.107"}, long_enough));
  EXPECT_THAT(ask(lab_, 60), SizeIs(5));
}

std::vector<std::string> kinds() {
  std::istringstream names{DATAPLANES};
  return {std::istream_iterator<std::string>{names}, {}};
}

INSTANTIATE_TEST_SUITE_P(Of, Kind, testing::ValuesIn(kinds()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace lblab::kinds
