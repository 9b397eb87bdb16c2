#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "fixtures/even_shares.hpp"
#include "lab/probe/datagram.hpp"
#include "tests/cluster/direct_return.hpp"
#include "tests/cluster/fetch.hpp"

/// topologies/ecmp.yaml with one word changed, `kind: xdp`, and for one test `udp: true`. One lab for all
/// tests; each leaves it as it found it.
namespace lblab {
namespace {

using namespace fixtures;
using nlohmann::json;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using Nodes = std::set<std::string>;

const std::vector<std::string> balancers{"web-lb-1", "web-lb-2", "web-lb-3"};
const std::vector<std::string> pods{"web-1", "web-2", "web-3", "web-4", "web-5", "web-6"};

class XdpLab : public testing::Test {
 protected:
  static inline const sys::Prefix web = *sys::Prefix::parse("10.1.1.0/24");
  static inline const Nodes all_nodes{"10.0.0.105", "10.0.0.106", "10.0.0.107"};

  static void SetUpTestSuite() {
    auto text = sys::read_file(LBLAB_SOURCE_DIR "/topologies/ecmp.yaml");
    const std::string word = "kind: ipvs", port = "    port: 80\n";
    text.replace(text.find(word), word.size(), "kind: xdp");
    text.insert(text.find(port), "    udp: true\n");
    file_ = std::filesystem::temp_directory_path() / ("xdp-" + std::to_string(::getpid()) + ".yaml");
    sys::write_file(file_, text);
    lab_ = std::make_unique<LabUnderTest>(LBLAB_PROGRAM, file_, "xdp");
  }
  static void TearDownTestSuite() {
    lab_.reset();
    std::filesystem::remove(file_);
  }

  static LabUnderTest& lab() { return *lab_; }

  /// Who answered so many connections, one after another.
  static std::map<std::string, long> ask(int count) {
    const auto answers = fetch(lab(), count);
    EXPECT_THAT(answers, SizeIs(count)) << "each is answered";
    std::map<std::string, long> by_pod;
    for (const auto& pod : answers) ++by_pod[pod];
    return by_pod;
  }

  /// Every load balancer has added or removed a real server of the TCP service.
  static void all_change(std::size_t mark, const std::string& change) {
    for (const auto& balancer : balancers) {
      const auto is_told = [&](const json& e) {
        return e["event"] == "table" && e["host"] == balancer &&
               std::ranges::any_of(e["changes"], [&](const json& told) {
                 return told.get<std::string>().starts_with(change) &&
                        told.get<std::string>().find("tcp ") != std::string::npos;
               });
      };
      ASSERT_TRUE(lab().event(mark, is_told, long_enough)) << balancer << ": " << change;
    }
  }

  static inline std::string file_;
  static inline std::unique_ptr<LabUnderTest> lab_;
};

TEST_F(XdpLab, SixHundredConnectionsHaveFairSharesAndServersSeeTheClient) {
  const auto shares = ask(600);
  ASSERT_THAT(shares, SizeIs(6)) << testing::PrintToString(shares);
  EXPECT_GT(p_of_even(shares), 1e-6) << testing::PrintToString(shares);
  EXPECT_THAT(lab().must_in("client", {"curl", "-s", "-D", "-", "http://10.1.1.1/"}),
              HasSubstr("X-Seen: 192.0.2.10:"));
}

TEST_F(XdpLab, InspectTellsOfItsServices) {
  EXPECT_THAT(lab().up_output(), HasSubstr("xdp in web-lb-1\n  web mh\n    -> 172.16.1.2:80         tunnel"));
  const auto told = json::parse(lab().must("inspect --json"))["real-servers"];
  for (const auto& balancer : balancers) {
    EXPECT_EQ(told[balancer]["dataplane"], "xdp");
    EXPECT_THAT(told[balancer]["services"][0]["destinations"], SizeIs(6));
  }
}

TEST_F(XdpLab, AHundredUdpFlowsAreSharedAndServersSeeTheClient) {
  using probe::Datagram;
  std::vector<Packets> at_pods;
  for (const auto& pod : pods) at_pods.emplace_back(inside(lab(), pod));
  for (std::uint16_t flow = 1; flow <= 100; ++flow) {
    const auto socket = inside(lab(), "client").within([] {
      return sys::Fd{sys::check("make a UDP socket", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
    });
    const auto to = ipv4_endpoint(web.address + flow, 80);
    sys::check("connect", ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to));
    const auto question = encode(Datagram{.run = 1, .flow = flow, .number = 7});
    sys::check("ask", static_cast<int>(::send(socket.get(), question.data(), question.size(), 0)));
    pollfd answered{socket.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&answered, 1, 30'000), 1) << flow;
    probe::DatagramBytes bytes{};
    sys::check("hear", static_cast<int>(::recv(socket.get(), bytes.data(), bytes.size(), 0)));
    const auto answer = probe::decode(bytes);
    ASSERT_TRUE(answer && answer->seen) << flow;
    EXPECT_EQ(answer->flow, flow);
    EXPECT_EQ(answer->seen->address.str(), "192.0.2.10");
  }
  std::vector<long> shares;
  for (auto& at_pod : at_pods)
    shares.push_back(std::ranges::count_if(
        at_pod.take(), [](const Packet& p) { return p.protocol == IPPROTO_UDP && web.contains(p.to); }));
  EXPECT_THAT(shares, Each(testing::Gt(0))) << testing::PrintToString(shares);
  EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), 0L), 100);
}

TEST_F(XdpLab, AnswersDoNotPassTheLoadBalancer) {
  const auto links = json::parse(lab().must_in("node1", {"ip", "-j", "link"}));
  const auto to_balancer = std::ranges::find_if(
      links, [](const json& link) { return link.value("ifalias", "") == "web-lb-1:eth0"; });
  ASSERT_NE(to_balancer, links.end());
  // On the node's end of its wire: in its own namespace packets are seen after XDP only.
  Packets wire{inside(lab(), "node1"), (*to_balancer)["ifindex"]};
  ask(60);
  Way seen;
  const auto deadline = std::chrono::steady_clock::now() + long_enough;
  do seen += way_of(wire.take(), web);
  while (seen.wrapped != seen.requests && wire.wait_until(deadline));
  EXPECT_GT(seen.requests, 0);
  EXPECT_EQ(seen.wrapped, seen.requests) << "what came in went on to the pods";
  EXPECT_EQ(seen.answers, 0);
}

TEST_F(XdpLab, AHundredKilobytesPassBothWays) { expect_a_hundred_kilobytes_both_ways(lab(), web, pods, 6); }

TEST_F(XdpLab, AKilledPodGetsNothingMore) {
  const std::string pod = "172.16.2.2";
  ASSERT_TRUE(ask(120).contains(pod)) << "web-2's address";
  auto mark = lab().mark();
  lab().must("kill web-2/nginx --restart never");
  all_change(mark, "remove destination " + pod);
  const auto left = ask(120);
  EXPECT_THAT(left, SizeIs(5));
  EXPECT_FALSE(left.contains(pod));
  mark = lab().mark();
  lab().must("start web-2/nginx");
  all_change(mark, "add destination " + pod);
  EXPECT_THAT(ask(120), SizeIs(6));
}

TEST_F(XdpLab, TwentyIdleConnectionsSurviveTheLossOfTheirLoadBalancer) {
  IdleConnections connections{inside(lab(), "client"), web, 20};
  const auto before = connections.ask();
  ASSERT_THAT(before, Each(StartsWith("172.16.")));
  auto mark = lab().mark();
  lab().must("kill web-lb-2 --restart never");
  ASSERT_TRUE(lab().route_becomes(mark, web.str(), {"10.0.0.105", "10.0.0.107"}, long_enough));
  EXPECT_EQ(connections.ask(), before) << "each from its own server";
  EXPECT_THAT(ask(60), SizeIs(6));
  mark = lab().mark();
  lab().must("start web-lb-2");
  ASSERT_TRUE(lab().route_becomes(mark, web.str(), all_nodes, long_enough));
  EXPECT_EQ(connections.ask(), before) << "and when it is back";
}

}  // namespace
}  // namespace lblab
