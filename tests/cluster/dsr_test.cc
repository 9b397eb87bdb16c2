#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tests/cluster/direct_return.hpp"

/// topologies/dsr.yaml: the same service twice, `web` with tunnel forwarding and `nat` with NAT. What is
/// claimed of the former is looked for in the latter, where it must not hold. One lab for all tests.
namespace lblab {
namespace {

using testing::Each;
using testing::StartsWith;
using Names = std::set<std::string>;

class DirectServerReturn : public testing::Test {
 protected:
  static inline const sys::Prefix web = *sys::Prefix::parse("10.1.1.0/24"),
                                  nat = *sys::Prefix::parse("10.1.2.0/24");
  static inline const Names both_nodes{"10.0.0.105", "10.0.0.106"};

  static void SetUpTestSuite() {
    lab_ = std::make_unique<fixtures::LabUnderTest>(LBLAB_PROGRAM, LBLAB_SOURCE_DIR "/topologies/dsr.yaml",
                                                    "dsr");
  }
  static void TearDownTestSuite() { lab_.reset(); }

  static fixtures::LabUnderTest& lab() { return *lab_; }
  static sys::Netns in(const std::string& host) { return inside(lab(), host); }

  /// The router has just these next hops for both services.
  static void both_go_by(std::size_t mark, const Names& nodes) {
    for (const auto& service : {web, nat})
      ASSERT_TRUE(lab().route_becomes(mark, service.str(), nodes, long_enough)) << service.str();
  }

  static inline std::unique_ptr<fixtures::LabUnderTest> lab_;
};

TEST_F(DirectServerReturn, AnswersPassTheLoadBalancerWithNatAndNotWithTunnels) {
  constexpr int asked_for = 30;
  std::map<std::string, Packets> captures;
  for (const char* host : {"web-lb-1", "web-lb-2", "nat-lb-1", "nat-lb-2", "web-1", "web-2"})
    captures.try_emplace(host, in(host));
  for (const auto& service : {web, nat}) {
    IdleConnections connections{in("client"), service, asked_for};
    EXPECT_THAT(connections.ask(), Each(StartsWith("172.16."))) << service.str();
  }

  std::map<std::string, Way> seen;
  Way balancers, pods;
  // The last packets, of connections that end, may be on their way still.
  const auto deadline = std::chrono::steady_clock::now() + long_enough;
  do {
    for (auto& [host, capture] : captures) seen[host] += way_of(capture.take(), host[0] == 'w' ? web : nat);
    balancers = seen["web-lb-1"], pods = seen["web-1"];
    balancers += seen["web-lb-2"], pods += seen["web-2"];
  } while ((balancers.wrapped != balancers.requests || pods.wrapped != balancers.requests) &&
           captures.at("web-1").wait_until(deadline));

  EXPECT_GE(balancers.requests, 3 * asked_for) << "SYN, ACK and request of each";
  EXPECT_EQ(balancers.wrapped, balancers.requests) << "each is wrapped";
  EXPECT_EQ(pods.wrapped, balancers.requests) << "and arrives so";
  EXPECT_GE(pods.answers, 2 * asked_for) << "SYN-ACK and answer of each";
  for (const char* host : {"web-lb-1", "web-lb-2"}) {
    EXPECT_GT(seen[host].requests, 0) << host;
    EXPECT_EQ(seen[host].answers, 0) << host;
  }
  for (const char* host : {"nat-lb-1", "nat-lb-2"}) {
    EXPECT_GT(seen[host].requests, 0) << host;
    EXPECT_EQ(seen[host].wrapped, 0) << host;
  }
  EXPECT_GE(seen["nat-lb-1"].answers + seen["nat-lb-2"].answers, 2 * asked_for);
}

TEST_F(DirectServerReturn, AWebPodSeesTheClientThroughATunnelAndTheLoadBalancerWithNat) {
  const auto client = in("client");
  Names through_tunnels, through_nat;
  for (unsigned n = 1; n <= 10; ++n) {
    through_tunnels.insert(HttpConnection(client, web.address + n).ask().seen);
    through_nat.insert(HttpConnection(client, nat.address + n).ask().seen);
  }
  EXPECT_EQ(through_tunnels, Names{"192.0.2.10"});
  EXPECT_THAT(through_nat, Each(StartsWith("172.16.")));
}

TEST_F(DirectServerReturn, AHundredKilobytesPassBothWaysInSegmentsThatFitTheTunnel) {
  expect_a_hundred_kilobytes_both_ways(lab(), web, {"web-1", "web-2"}, 4);
}

TEST_F(DirectServerReturn, TwentyIdleConnectionsOutliveTheirLoadBalancerThroughTunnelsAndNotWithNat) {
  const auto through = [](const std::string& balancer) { return lab().connections(balancer); };
  const long tunnelled_before = through("web-lb-2"), translated_before = through("nat-lb-2");
  IdleConnections tunnelled{in("client"), web, 20}, translated{in("client"), nat, 20};
  const auto servers = tunnelled.ask();
  ASSERT_THAT(servers, Each(StartsWith("172.16.")));
  ASSERT_THAT(translated.ask(), Each(StartsWith("172.16.")));
  const long tunnelled_by_it = through("web-lb-2") - tunnelled_before,
             translated_by_it = through("nat-lb-2") - translated_before;
  ASSERT_GT(tunnelled_by_it, 0) << "else there is nothing to outlive";
  ASSERT_GT(translated_by_it, 0);
  ASSERT_LT(translated_by_it, 20) << "some are to be left";

  auto mark = lab().mark();
  for (const char* host : {"web-lb-2", "nat-lb-2"}) lab().must(std::string("link ") + host + ":eth0 down");
  both_go_by(mark, {"10.0.0.105"});
  EXPECT_EQ(tunnelled.ask(), servers) << "each goes on, with its own web pod";
  const auto left = translated.ask();
  EXPECT_EQ(std::ranges::count(left, ""), translated_by_it)
      << "those that went through the lost load balancer are broken, and no others: "
      << testing::PrintToString(left);

  mark = lab().mark();
  for (const char* host : {"web-lb-2", "nat-lb-2"}) lab().must(std::string("link ") + host + ":eth0 up");
  both_go_by(mark, both_nodes);
}

}  // namespace
}  // namespace lblab
