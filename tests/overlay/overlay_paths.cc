#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fixtures/lab_under_test.hpp"
#include "tests/kernel/capture.hpp"

/// What passes from pod to pod on different nodes, on each backend that the kernel of this test program is to
/// have (OVERLAY_BACKENDS): brought up by `lblab`, looked at with ping, tcpdump and plain sockets.
namespace lblab {
namespace {

using fixtures::LabUnderTest;
using testing::HasSubstr;

struct Backend {
  std::string name;
  int mtu;           // the papers' figure
  std::string wire;  // tcpdump's filter for a ping from node1's pod to node2's, between the nodes
  friend std::ostream& operator<<(std::ostream& out, const Backend& backend) { return out << backend.name; }
};

std::vector<Backend> backends() {
  const std::vector<Backend> known{
      {"host-gw", 1500, "icmp and src 172.16.1.2 and dst 172.16.2.2"},
      {"vxlan", 1450, "udp and dst port 4789 and src 10.0.0.105 and dst 10.0.0.106"},
      {"udp", 1472, "udp and dst port 8285 and src 10.0.0.105 and dst 10.0.0.106"},
      {"ipip", 1480, "ip proto 4 and src 10.0.0.105 and dst 10.0.0.106"}};
  std::vector<Backend> wanted;
  std::istringstream names{OVERLAY_BACKENDS};
  for (std::string name; names >> name;) wanted.push_back(*std::ranges::find(known, name, &Backend::name));
  return wanted;
}

class PodToPod : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lblab-overlay-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    name_ = "overlay" + std::to_string(::getpid());
    std::ofstream(folder_ + "/lab.yaml")
        << "name: " << name_
        << "\n"
           "networks: {net: {subnet: 10.0.0.0/16}}\n"
           "nodes:\n"
           "  node1: {role: node, interfaces: {net: 10.0.0.105}}\n"
           "  node2: {role: node, interfaces: {net: 10.0.0.106}}\n"
           "overlay: {backend: "
        << GetParam().name
        << "}\n"
           "services: {web: {addresses: 10.1.1.0/24, pods: {replicas: 2}}}\n";
    lab_ = std::make_unique<LabUnderTest>(LBLAB_PROGRAM, folder_ + "/lab.yaml", name_);
  }
  void TearDown() override {
    lab_.reset();
    std::filesystem::remove_all(folder_);
  }

  sys::Netns netns(const std::string& host) const {
    return sys::Netns::open("/run/netns/" + name_ + "." + host);
  }
  /// One packet of so many bytes with its IP header, not to be cut to pieces, from pod to pod.
  fixtures::Result ping(int packet_bytes) const {
    constexpr int headers = 20 + 8;  // IPv4, ICMP
    return lab_->in("web-1", {"ping", "-c", "1", "-W", "10", "-M", "do", "-s",
                              std::to_string(packet_bytes - headers), "172.16.2.2"});
  }
  /// The pod, and its port on the node, take longer packets than the overlay.
  void make_pod_links_longer() const {
    for (const auto& [host, link] : {std::pair{"web-1", "eth0"}, {"node1", "pod2"}, {"node1", "cbr0"}})
      lab_->must_in(host, {"ip", "link", "set", link, "mtu", "9000"});
  }

  std::string folder_, name_;
  std::unique_ptr<LabUnderTest> lab_;
};

TEST_P(PodToPod, APacketOfTheMtuPassesAndALongerOneIsNotSent) {
  const int mtu = GetParam().mtu;
  const auto fits = ping(mtu), too_long = ping(mtu + 1);
  EXPECT_EQ(fits.code, 0) << fits.out << fits.err;
  EXPECT_NE(too_long.code, 0);
  EXPECT_THAT(too_long.out + too_long.err, HasSubstr("message too long, mtu=" + std::to_string(mtu)));
}

/// A pod that does not know: its node tells it.
TEST_P(PodToPod, AboveTheMtuANodeAnswersThatFragmentationIsNeeded) {
  const int mtu = GetParam().mtu;
  make_pod_links_longer();
  const auto fits = ping(mtu), too_long = ping(mtu + 1);
  EXPECT_EQ(fits.code, 0) << fits.out << fits.err;
  EXPECT_NE(too_long.code, 0);
  EXPECT_THAT(
      too_long.out + too_long.err,
      HasSubstr("From 172.16.1.1 icmp_seq=1 Frag needed and DF set (mtu = " + std::to_string(mtu) + ")"));
}

TEST_P(PodToPod, BetweenTheNodesAPacketIsWrappedAsTheBackendHasIt) {
  Capture capture(netns("node2"), "eth0", folder_ + "/wire.pcap", GetParam().wire);
  const auto passed = ping(100);
  EXPECT_EQ(passed.code, 0) << passed.out << passed.err;
  EXPECT_NO_THROW(capture.await(1));
}

TEST_P(PodToPod, AMegabyteArrivesWhole) {
  constexpr std::uint16_t port = 9000;
  const auto sender_side = netns("web-1"), receiver_side = netns("web-2");
  const sys::Fd listening{
      receiver_side.within([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); })};
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(port);
  sys::check("bind", ::bind(listening.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own));
  sys::check("listen", ::listen(listening.get(), 1));
  std::string sent(1 << 20, '\0');
  for (std::size_t n = 0; n < sent.size(); ++n) sent[n] = static_cast<char>(n * 31 + n / 251);

  std::thread sender([&] {
    const sys::Fd out{sender_side.within([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); })};
    auto to = own;
    inet_pton(AF_INET, "172.16.2.2", &to.sin_addr);
    if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) return;
    for (std::size_t at = 0; at < sent.size();) {
      const auto n = ::send(out.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return;
      at += static_cast<std::size_t>(n);
    }
  });
  const timeval patience{.tv_sec = 60, .tv_usec = 0};  // of accept() too
  ::setsockopt(listening.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sys::Fd in{::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (in) ::setsockopt(in.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string received;
  char buffer[65536];
  for (ssize_t n; in && (n = ::recv(in.get(), buffer, sizeof buffer, 0)) > 0;)
    received.append(buffer, static_cast<std::size_t>(n));
  sender.join();
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_TRUE(received == sent);
}

INSTANTIATE_TEST_SUITE_P(Overlay, PodToPod, testing::ValuesIn(backends()), [](const auto& instance) {
  auto name = instance.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace lblab
