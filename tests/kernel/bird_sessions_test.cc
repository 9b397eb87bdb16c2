#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "fixtures/documented_events.hpp"
#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// Sessions of real birds, as events.
namespace lblab {
namespace {

using namespace std::chrono_literals;

/// A topology whose speakers are birds.
class WithBirds {
 public:
  WithBirds() {
    auto topology = sys::read_file(LBLAB_SOURCE_DIR "/tests/kernel/no_ipvs.yaml");
    const std::string gobgp = "bgp: {}", bird = "bgp: {agent: bird, hold-time: 3s}";
    for (auto at = topology.find(gobgp); at != std::string::npos; at = topology.find(gobgp, at))
      topology.replace(at, gobgp.size(), bird);
    sys::write_file(file, topology);
  }
  ~WithBirds() { std::remove(file.c_str()); }
  WithBirds(const WithBirds&) = delete;

  const std::string name = "bird-log-" + std::to_string(::getpid()),
                    file = testing::TempDir() + name + ".yaml";
};

auto session(const std::string& host, const std::string& peer, const std::string& state) {
  return [=](const nlohmann::json& event) {
    return event["event"] == "session" && event["host"] == host && event["peer"] == peer &&
           event["state"] == state && event["process"] == "bird";
  };
}

TEST(BirdSessions, ComeUpAndGoDownAsEvents) {
  const WithBirds topology;
  fixtures::LabUnderTest lab{LBLAB_PROGRAM, topology.file, topology.name};
  const std::string router = "10.0.0.110", rr = "10.0.0.109";
  ASSERT_TRUE(lab.event(0, session("router", rr, "up"), 30s));
  ASSERT_TRUE(lab.event(0, session("rr", router, "up"), 30s));

  auto mark = lab.mark();
  lab.must("kill --signal KILL rr/bird");
  const auto lost = lab.event(mark, session("router", rr, "down"), 30s);
  ASSERT_TRUE(lost);
  EXPECT_THAT((*lost)["reason"].get<std::string>(), testing::StartsWith("Connection "));
  ASSERT_TRUE(lab.event(mark, session("router", rr, "up"), 30s)) << "it is started again";

  mark = lab.mark();
  lab.must("kill --signal STOP rr/bird");
  const auto silent = lab.event(mark, session("router", rr, "down"), 30s);
  ASSERT_TRUE(silent);
  EXPECT_EQ((*silent)["reason"], "Hold timer expired");

  const auto documented = fixtures::documented_events(LBLAB_SOURCE_DIR "/docs/events.md");
  EXPECT_EQ(fixtures::undocumented(*lost, documented), "");
}

}  // namespace
}  // namespace lblab
