#include "lab/bgp/bird_log.hpp"

#include <gmock/gmock.h>

/// Lines as bird 2.0.12 writes them: a speaker that takes whoever comes from a range, and one that connects.
namespace lblab::bgp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<BirdLog::Change> changes(BirdLog& log, const std::vector<std::string>& messages) {
  std::vector<BirdLog::Change> all;
  for (const auto& message : messages)
    if (const auto change = log.take("2026-11-22 07:48:53.068 " + message)) all.push_back(*change);
  return all;
}

BirdLog::Change up(const char* peer) { return {sys::Address::parse(peer).value(), true, ""}; }
BirdLog::Change down(const char* peer, const char* reason) {
  return {sys::Address::parse(peer).value(), false, reason};
}

TEST(BirdLog, OneThatConnectsIsKnownByWhomItConnectsTo) {
  BirdLog log;
  EXPECT_THAT(changes(log, {"<TRACE> peer1: Initializing", "<TRACE> peer1: State changed to start",
                            "<INFO> Started", "<TRACE> peer1: Started",
                            "<TRACE> peer1: Connecting to 10.9.0.2 from local address 10.9.0.1",
                            "<TRACE> peer1: Connected", "<TRACE> peer1: BGP session established",
                            "<TRACE> peer1: State changed to up"}),
              ElementsAre(up("10.9.0.2")));
  EXPECT_THAT(changes(log, {"<RMT> peer1: Received: Hold timer expired", "<TRACE> peer1: BGP session closed",
                            "<TRACE> peer1: State changed to stop"}),
              ElementsAre(down("10.9.0.2", "Hold timer expired")));
}

TEST(BirdLog, EachThatComesFromARangeIsAProtocolOfItsOwn) {
  BirdLog log;
  const auto comes = [](const std::string& who, const std::string& as) {
    return std::vector<std::string>{
        "<TRACE> announcers: Incoming connection from " + who + " (port 59107) accepted",
        "<TRACE> " + as + ": Initializing", "<TRACE> " + as + ": BGP session established"};
  };
  EXPECT_THAT(changes(log, comes("172.16.1.4", "announcer1")), ElementsAre(up("172.16.1.4")));
  EXPECT_THAT(changes(log, comes("172.16.2.4", "announcer2")), ElementsAre(up("172.16.2.4")));
  EXPECT_THAT(changes(log, {"<TRACE> announcer1: Connection closed", "<TRACE> announcer1: BGP session closed",
                            "<TRACE> announcer1: Started",
                            "<TRACE> announcer1: Incoming connection from 172.16.1.4 (port 4) accepted",
                            "<TRACE> announcer1: BGP session established"}),
              ElementsAre(down("172.16.1.4", "Connection closed"), up("172.16.1.4")));
}

TEST(BirdLog, AnotherBirdBeginsAnew) {
  BirdLog log;
  changes(log, {"<TRACE> p: Connecting to 10.9.0.2 from local address 10.9.0.1",
                "<TRACE> p: BGP session established"});
  EXPECT_THAT(changes(log, {"<INFO> Started", "<TRACE> p: Connecting to 10.9.0.2 from local address 10.9.0.1",
                            "<TRACE> p: BGP session established"}),
              ElementsAre(up("10.9.0.2")));
}

TEST(BirdLog, OtherLinesTellNothing) {
  BirdLog log;
  EXPECT_THAT(changes(log, {"<TRACE> p: BGP session closed", "<TRACE> p: BGP session established",
                            "<TRACE> p: Incoming connection from 10.9.0.3 (port 4) rejected", "", "<", "<x> ",
                            "bird: no level at all"}),
              IsEmpty());
}

}  // namespace
}  // namespace lblab::bgp
