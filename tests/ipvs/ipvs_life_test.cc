#include "lab/observe/ipvs_life.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "fixtures/ip_oracle.hpp"
#include "lab/observe/ipvs_table.hpp"
#include "lab/sys/error.hpp"

/// What the lab reads of IPVS at work, against what went through and what ipvsadm(8) says.
namespace lblab::observe {
namespace {

using fixtures::run_in;
using sys::Netns;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// A service of UDP on the loopback, whose real server is this namespace itself: nobody listens there.
class IpvsLife : public testing::Test {
 protected:
  void SetUp() override {
    run_in(ns, {"/usr/sbin/ip", "link", "set", "lo", "up"});
    run_in(ns, {"/usr/sbin/ip", "address", "add", "10.1.1.1/32", "dev", "lo"});
    run_in(ns, {"/usr/sbin/ipvsadm", "-A", "-u", "10.1.1.1:9", "-s", "rr"});
    run_in(ns, {"/usr/sbin/ipvsadm", "-a", "-u", "10.1.1.1:9", "-r", "127.0.0.1:9", "-m"});
  }

  /// From a port of its own each.
  void send_datagrams(int flows, int each) {
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(0x0A010101)}};
    for (int flow = 0; flow < flows; ++flow) {
      const sys::Fd socket{sys::check(
          "open a socket", ns.within([] { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }))};
      for (int n = 0; n < each; ++n)
        sys::check("send", static_cast<int>(::sendto(socket.get(), "four", 4, 0,
                                                     reinterpret_cast<const sockaddr*>(&to), sizeof to)));
    }
  }

  Netns ns = Netns::create();
};

TEST_F(IpvsLife, ConnectionsAreThoseThatWereMade) {
  EXPECT_TRUE(read_ipvs_connections(ns, 1 << 20).of.empty());
  send_datagrams(5, 2);
  const auto connections = read_ipvs_connections(ns, 1 << 20);
  EXPECT_THAT(connections.of, ElementsAre(Pair("127.0.0.1:9", ElementsAre(Pair("UDP", 5)))));
  EXPECT_FALSE(connections.cut);
  EXPECT_THAT(run_in(ns, {"/usr/sbin/ipvsadm", "-Lnc"}), HasSubstr("UDP"));
  EXPECT_TRUE(read_ipvs_connections(Netns::create(), 1 << 20).of.empty()) << "those of one namespace";
}

TEST_F(IpvsLife, OfManyConnectionsOnlyTheFirstAreRead) {
  send_datagrams(300, 1);
  const auto some = read_ipvs_connections(ns, 4096);
  EXPECT_TRUE(some.cut);
  const int n = some.of.at("127.0.0.1:9").at("UDP");
  EXPECT_GT(n, 20);
  EXPECT_LT(n, 300);
}

TEST_F(IpvsLife, TotalsCountAtOnceAndTheTableFollows) {
  send_datagrams(3, 4);
  const auto totals = read_ipvs_totals(ns);
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->connections, 3U);
  EXPECT_EQ(totals->packets_in, 12U);
  EXPECT_EQ(totals->bytes_in, 12U * (20 + 8 + 4));
  const auto service = read_ipvs(ns).at(0);
  EXPECT_LE(service.counters.packets_in, totals->packets_in);
  EXPECT_LE(service.destinations.at(0).counters.connections, totals->connections);
}

}  // namespace
}  // namespace lblab::observe
