#include "lab/bgp/bird.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/sys/fd.hpp"

namespace lblab::bgp {
namespace {

Session session(const char* peer, const std::string& state) {
  return {sys::Address::parse(peer).value(), state};
}

/// Recorded from birdc 2.0.12: a listener for a range, one that came from it, two neighbours, one of them
/// away.
TEST(Bird, SessionsAreReadFromWhatBirdcPrints) {
  const auto text = sys::read_file(LBLAB_SOURCE_DIR "/fixtures/bird/protocols.txt");
  EXPECT_THAT(parse_bird_protocols(text), testing::UnorderedElementsAre(session("172.16.1.4", "established"),
                                                                        session("10.0.0.110", "established"),
                                                                        session("10.0.0.111", "active")));
}

TEST(Bird, StatesAreInWordsAndAScopeIsNoPartOfTheAddress) {
  EXPECT_THAT(parse_bird_protocols("x BGP --- start\n  BGP state:          OpenConfirm\n"
                                   "    Neighbor address: fe80::1%eth0\n"),
              testing::ElementsAre(session("fe80::1", "open confirm")));
}

TEST(Bird, NoBirdHasNoSessions) {
  EXPECT_THAT(parse_bird_protocols("Unable to connect to server control socket (/run/bird/bird.ctl)\n"),
              testing::IsEmpty());
  EXPECT_THAT(parse_bird_protocols(""), testing::IsEmpty());
}

}  // namespace
}  // namespace lblab::bgp
