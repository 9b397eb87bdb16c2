#include <numeric>

#include "fixtures/even_shares.hpp"
#include "tests/cluster/tested_lab.hpp"

using lblab::fixtures::p_of_even;
using testing::SizeIs;

namespace {

const std::vector<std::string> load_balancers{"web-lb-1", "web-lb-2", "web-lb-3"};

/// Forty requests from one address and port to one address and port. Each ends with a reset after the
/// server's last byte, so that nothing of a connection is left that would keep the next from the same port.
constexpr const char* forty_requests = R"(
import socket, struct
for _ in range(40):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.settimeout(30)
    s.bind(('192.0.2.10', 40001))
    s.connect(('10.1.1.7', 80))
    s.sendall(b'GET / HTTP/1.0\r\n\r\n')
    answer = b''
    while chunk := s.recv(4096):
        answer += chunk
    s.close()
    print(answer.split()[-1].decode())
)";

}  // namespace

TEST_F(TestedLab, SixHundredConnectionsAreSharedByAllPodsAndAllLoadBalancers) {
  std::vector<long> before, balancers, pods;
  for (const auto& lb : load_balancers) before.push_back(lab().connections(lb));
  const auto bodies = fetch(600);
  ASSERT_THAT(bodies, SizeIs(600));
  std::map<std::string, long> by_pod;
  for (const auto& body : bodies) ++by_pod[body];
  for (const auto& [pod, count] : by_pod) pods.push_back(count);
  ASSERT_THAT(pods, SizeIs(6)) << testing::PrintToString(by_pod);
  EXPECT_GT(p_of_even(pods), 1e-6) << testing::PrintToString(by_pod);
  for (size_t n = 0; n < 3; ++n) balancers.push_back(lab().connections(load_balancers[n]) - before[n]);
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
  for (const auto& lb : load_balancers) before.push_back(lab().connections(lb));
  std::istringstream answers{lab().must_in("client", {"/usr/bin/python3", "-c", forty_requests})};
  EXPECT_EQ(std::distance(std::istream_iterator<std::string>{answers}, {}), 40);
  for (size_t n = 0; n < 3; ++n) got.push_back(lab().connections(load_balancers[n]) - before[n]);
  std::ranges::sort(got);
  EXPECT_EQ(got[0], 0);
  EXPECT_EQ(got[1], 0);
  EXPECT_GT(got[2], 0);
}

TEST_F(TestedLab, TheRouterHashesThePacketAndNotTheSendersSocket) {
  EXPECT_EQ(lab().must_in("router", {"sysctl", "-n", "net.ipv4.fib_multipath_hash_policy"}), "3\n");
  EXPECT_EQ(lab().must_in("router", {"sysctl", "-n", "net.ipv4.fib_multipath_hash_fields"}), "55\n");
}
