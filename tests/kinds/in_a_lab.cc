#include <gmock/gmock.h>

#include <iterator>

#include "fixtures/even_shares.hpp"
#include "tests/kinds/serving.hpp"

/// topologies/ecmp.yaml with one word changed: the kind of its load balancers. Of kinds, those that the
/// kernel of this test program is to have (DATAPLANES).
namespace lblab::kinds {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;
using Gateways = std::set<std::string>;

class Kind : public testing::TestWithParam<std::string> {
 protected:
  bool is_keepalived() const { return GetParam() == "keepalived"; }

  /// In the words of ipvsadm where it is IPVS's table, else of lbd.
  std::size_t real_servers(const std::string& balancer) {
    if (is_keepalived()) return lab_.real_servers(balancer).size();
    const auto told = json::parse(lab_.must("inspect --json"))["real-servers"][balancer];
    EXPECT_EQ(told["dataplane"], GetParam());
    return told["services"][0]["destinations"].size();
  }

  Changed topology_{"kind: ipvs", "kind: " + GetParam()};
  fixtures::LabUnderTest lab_{LBLAB_PROGRAM, topology_.file(), GetParam() + "-" + std::to_string(::getpid())};
};

TEST_P(Kind, ServesWithFairSharesAndReactsToAKilledPodAndALostLoadBalancer) {
  ASSERT_TRUE(all_serve(lab_));
  const auto shares = ask(lab_, 600);
  ASSERT_THAT(shares, SizeIs(6)) << testing::PrintToString(shares);
  EXPECT_GT(fixtures::p_of_even(shares), 1e-6) << testing::PrintToString(shares);
  EXPECT_EQ(real_servers("web-lb-1"), 6u);

  auto mark = lab_.mark();
  lab_.must("kill web-2/nginx --restart never");
  for (const std::string balancer : {"web-lb-1", "web-lb-2", "web-lb-3"})
    ASSERT_TRUE(lab_.event(
        mark, [&](const json& e) { return e["event"] == "table" && e["host"] == balancer; }, long_enough))
        << balancer;
  const auto left = ask(lab_, 120);
  EXPECT_THAT(left, SizeIs(5));
  EXPECT_FALSE(left.contains("172.16.2.2")) << "web-2's address";
  if (is_keepalived()) {
    EXPECT_THAT(lab_.must("logs web-lb-1 lbd"),
                HasSubstr("Removing service [172.16.2.2]:none:80 from VS FWM 1"));
  }

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
