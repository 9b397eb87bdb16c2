#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// What `lblab inspect` shows.
namespace lblab {
namespace {

using Sessions = std::set<std::tuple<std::string, std::string, std::string>>;  // host, peer, state

Sessions sessions_of(const fixtures::LabUnderTest& lab) {
  Sessions seen;
  const auto inspected = nlohmann::json::parse(lab.must("inspect --json"));
  for (const auto& one : inspected["sessions"])
    seen.emplace(one["host"].get<std::string>(), one["peer"].get<std::string>(),
                 one["state"].get<std::string>());
  return seen;
}

TEST(Inspect, ShowsTheSessionsOfABird) {
  auto topology = sys::read_file(LBLAB_SOURCE_DIR "/tests/kernel/no_ipvs.yaml");
  const std::string gobgp = "bgp: {}", bird = "bgp: {agent: bird}";
  for (auto at = topology.find(gobgp); at != std::string::npos; at = topology.find(gobgp, at))
    topology.replace(at, gobgp.size(), bird);
  const std::string name = "birds-" + std::to_string(::getpid()), file = "/tmp/" + name + ".yaml";
  sys::write_file(file, topology);
  {
    const fixtures::LabUnderTest lab{LBLAB_PROGRAM, file, name};
    const Sessions expected{{"router", "10.0.0.109", "established"}, {"rr", "10.0.0.110", "established"}};
    // bird tells nobody when a session comes up: asked again, as long as it takes to ask.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto seen = sessions_of(lab);
    while (seen != expected && std::chrono::steady_clock::now() < deadline) seen = sessions_of(lab);
    EXPECT_EQ(seen, expected);
    EXPECT_THAT(lab.must("inspect"), testing::ContainsRegex("router +with 10.0.0.109 +established"));
  }
  std::remove(file.c_str());
}

}  // namespace
}  // namespace lblab
