#include "lab/bgp/frr.hpp"

#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::bgp {
namespace {

using lblab::fixtures::ip;
using testing::ElementsAre;
using testing::IsEmpty;

/// Recorded from bgpd 8.4.4.
TEST(Frr, SessionsAreReadFromItsSummary) {
  const auto text = sys::read_file(LBLAB_SOURCE_DIR "/fixtures/frr/summary.json");
  EXPECT_THAT(parse_frr_summary(text), ElementsAre(Session{ip("10.0.0.1"), "established"}));
}

TEST(Frr, WhatVtyshSaysBeforeAndOtherFamiliesAndStates) {
  EXPECT_THAT(
      parse_frr_summary("% Can't open configuration file /etc/frr/vtysh.conf\n"
                        R"({"ipv4Unicast":{"as":1,"peers":{"10.0.0.1":{"state":"OpenSent"}}},)"
                        R"("ipv6Unicast":{"peers":{"fe80::1":{"state":"Active"}}}})"),
      testing::UnorderedElementsAre(Session{ip("10.0.0.1"), "open sent"}, Session{ip("fe80::1"), "active"}));
}

TEST(Frr, WhereThereIsNoBgpdThereAreNoSessions) {
  for (const char* text : {"", "failed to connect to any daemons.\n", "{", "{}", "[]",
                           R"({"ipv4Unicast":[],"x":{"peers":{"10.0.0.1":1,"name":{}}}})"})
    EXPECT_THAT(parse_frr_summary(text), IsEmpty()) << text;
}

std::optional<SessionChange> change(const std::string& message) {
  return parse_frr_log_line("2026/11/22 11:08:43 BGP: [N9HHH-F8H1M] " + message);
}

/// Lines as bgpd 8.4.4 writes them.
TEST(Frr, ItsLogTellsOfSessions) {
  EXPECT_EQ(change("%ADJCHANGE: neighbor 10.0.0.1(Unknown) in vrf default Up"),
            (SessionChange{ip("10.0.0.1"), true, ""}));
  EXPECT_EQ(change("%ADJCHANGE: neighbor *172.16.1.4(web-lb-1) in vrf default Up"),
            (SessionChange{ip("172.16.1.4"), true, ""}))
      << "one that came from a range";
  EXPECT_EQ(change("%ADJCHANGE: neighbor 10.0.0.1(rr) in vrf default Down Peer closed the session"),
            (SessionChange{ip("10.0.0.1"), false, "Peer closed the session"}));
  EXPECT_EQ(change("%ADJCHANGE: neighbor 10.0.0.1 in vrf default Down"),
            (SessionChange{ip("10.0.0.1"), false, ""}));
}

TEST(Frr, OtherLinesTellOfNone) {
  for (const char* message :
       {"bgpd 8.4.4 starting: vty@0, bgp@10.0.0.2:179", "%ADJCHANGE: neighbor x in vrf default Up",
        "%ADJCHANGE: neighbor 10.0.0.1", "%ADJCHANGE: neighbor 10.0.0.1 in vrf default",
        "%ADJCHANGE: neighbor 10.0.0.1 in vrf default Sideways", ""})
    EXPECT_FALSE(change(message)) << message;
}

}  // namespace
}  // namespace lblab::bgp
