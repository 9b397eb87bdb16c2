#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fixtures/documented_events.hpp"
#include "fixtures/lab_under_test.hpp"

/// What a lab really tells is what docs/events.md says, member by member.
namespace lblab {
namespace {

TEST(Events, OfALabAreAsDocumented) {
  const auto documented = fixtures::documented_events(LBLAB_SOURCE_DIR "/docs/events.md");
  fixtures::LabUnderTest lab{LBLAB_PROGRAM, LBLAB_SOURCE_DIR "/tests/kernel/no_ipvs.yaml",
                             "events-" + std::to_string(::getpid())};
  const auto of_process = [](const char* host, const char* state) {
    return [=](const nlohmann::json& e) {
      return e["event"] == "process" && e["host"] == host && e["state"] == state;
    };
  };
  size_t mark = lab.mark();
  lab.must("kill web-1/nginx");
  ASSERT_TRUE(lab.event(mark, of_process("web-1", "ready"), std::chrono::seconds(60)));
  lab.must("link node1:eth0 down");
  lab.must("link node1:eth0 up");
  lab.must("scale web=7");
  mark = lab.mark();
  lab.must("kill router/gobgpd");
  ASSERT_TRUE(lab.event(mark, of_process("router", "ready"), std::chrono::seconds(60)));
  const auto of_session = [](const auto& event) { return event["event"] == "session"; };
  ASSERT_TRUE(lab.event(0, of_session, std::chrono::seconds(60)));

  std::set<std::string> seen, wrong;
  for (const auto& event : lab.events()) {
    seen.insert(event["event"]);
    if (const auto what = fixtures::undocumented(event, documented); !what.empty())
      wrong.insert(what + "  " + event.dump());
    EXPECT_GT(event["t"].get<double>(), 0);
    EXPECT_GT(event["time"].get<double>(), 1.7e9);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
  EXPECT_THAT(seen, testing::IsSupersetOf({"link", "address", "route", "process", "up", "change-done",
                                           "carrier", "scale", "session", "gobgpd", "ready"}));
}

}  // namespace
}  // namespace lblab
