#pragma once

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "fixtures/lab_under_test.hpp"
#include "tests/cluster/client_socket.hpp"
#include "tests/cluster/packets.hpp"

/// What is claimed of every load balancer whose real servers answer clients themselves.
namespace lblab {

constexpr std::chrono::seconds long_enough{120};

inline sys::Netns inside(const fixtures::LabUnderTest& lab, const std::string& host) {
  return sys::Netns::open("/run/netns/" + lab.name() + "." + host);
}

inline auto nginx_is(const std::string& state, const std::string& host) {
  return [=](const nlohmann::json& e) {
    return e["event"] == "process" && e["state"] == state && e["host"] == host && e["process"] == "nginx";
  };
}

/// A hundred kilobytes to the service and back, over `count` connections, in segments that leave room for an
/// outer header. Meanwhile the web pods have another server than nginx.
inline void expect_a_hundred_kilobytes_both_ways(fixtures::LabUnderTest& lab, const sys::Prefix& service,
                                                 const std::vector<std::string>& pods, int count) {
  std::string sent(100'000, ' ');
  std::mt19937 random{1};
  std::ranges::generate(sent, [&] { return static_cast<char>(random()); });

  std::vector<EchoServer> servers;
  auto mark = lab.mark();
  for (const auto& pod : pods) {
    lab.must("kill " + pod + "/nginx --restart never");
    ASSERT_TRUE(lab.event(mark, nginx_is("ended", pod), long_enough)) << pod;
    servers.emplace_back(inside(lab, pod), sent.size());
  }
  const auto client = inside(lab, "client");
  Packets at_client{client};
  for (int n = 1; n <= count; ++n)
    EXPECT_EQ(echoed(client, service.address + static_cast<unsigned>(n), sent), sent) << n;

  std::vector<int> told;
  for (const auto& packet : at_client.take())
    if (packet.is_syn && service.contains(packet.from)) told.push_back(packet.mss);
  EXPECT_GE(told.size(), static_cast<std::size_t>(count));
  EXPECT_THAT(told, testing::Each(1440)) << "1500 bytes, less two IP headers and one of TCP";

  servers.clear();
  mark = lab.mark();
  for (const auto& pod : pods) {
    lab.must("start " + pod + "/nginx");
    EXPECT_TRUE(lab.event(mark, nginx_is("ready", pod), long_enough)) << pod;
  }
}

}  // namespace lblab
