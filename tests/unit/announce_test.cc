#include "lbcore/announce/announcer.hpp"

#include <gmock/gmock.h>

namespace lbcore::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Route route(const char* prefix, const char* next_hop = "10.0.0.105") {
  return {*Prefix::parse(prefix), *Address::parse(next_hop)};
}

/// exabgp's own words (4.2.21).
const char* const session_up =
    R"json({ "exabgp": "4.0.1", "time": 1795307916.5139728, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 2, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "up" } })json";
const char* const session_connected =
    R"json({ "exabgp": "4.0.1", "time": 1795307916.5, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 1, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "connected" } })json";
const char* const session_down =
    R"json({ "exabgp": "4.0.1", "time": 1795307926.9, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 3, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "down", "reason": "peer reset, message (notification received (6,2)) error(Cease / Administrative Shutdown)" } })json";
const char* const shutdown =
    R"json({ "exabgp": "4.0.1", "time": 1795307927.9, "host" : "vm", "pid" : 29163, "ppid" : 29158, "type": "notification", "notification": "shutdown" })json";

/// A helper whose exabgp has just started and announces nothing.
Announcer fresh() {
  Announcer announcer;
  announcer.start();
  announcer.from_exabgp("Peer            AS        up/down state       |     #sent     #recvd");
  announcer.from_exabgp("done");
  announcer.from_exabgp("done");
  return announcer;
}

TEST(AnnounceProtocol, WhatIsSentIsWhatIsRead) {
  const SetRoutes set{7, {route("10.1.1.0/24"), route("fd00:1::/64", "fd00::105")}};
  EXPECT_EQ(encode(SetRoutes{7, {route("10.1.1.0/24")}}),
            "{\"id\":7,\"routes\":[{\"next-hop\":\"10.0.0.105\",\"route\":\"10.1.1.0/24\"}]}\n");
  EXPECT_EQ(decode_set(encode(set)), set);
  const FromHelper acknowledged = Acknowledged{7, {route("10.1.1.0/24")}, {route("10.1.2.0/24")}, {}};
  EXPECT_EQ(decode_from_helper(encode(acknowledged)), acknowledged);
  const FromHelper session = Session{"10.0.0.109", true};
  EXPECT_EQ(encode(session), "{\"peer\":\"10.0.0.109\",\"state\":\"up\"}\n");
  EXPECT_EQ(decode_from_helper(encode(session)), session);
}

TEST(AnnounceProtocol, OtherLinesAreNothing) {
  for (const char* line :
       {"", "[]", "{}", "nonsense", R"({"id":1,"routes":[{"route":"x","next-hop":"10.0.0.1"}]})",
        R"({"id":"1","routes":[]})"}) {
    EXPECT_FALSE(decode_set(line)) << line;
    EXPECT_FALSE(decode_from_helper(line)) << line;
  }
}

TEST(Announcer, BeginsByAskingExabgp) {
  EXPECT_THAT(Announcer().start().to_exabgp, ElementsAre("show neighbor summary", "show adj-rib out"));
}

TEST(Announcer, ASetBecomesCommandsAndIsAcknowledgedWhenExabgpHasAnsweredThem) {
  auto announcer = fresh();
  const auto out = announcer.set({1, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  EXPECT_THAT(out.to_exabgp, ElementsAre("announce route 10.1.1.0/24 next-hop 10.0.0.105",
                                         "announce route 10.1.2.0/24 next-hop 10.0.0.105"));
  EXPECT_THAT(out.to_lbd, IsEmpty());
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd, IsEmpty());
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {route("10.1.1.0/24"), route("10.1.2.0/24")}, {}, {}})));
}

TEST(Announcer, OnlyDifferencesAreCommands) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  announcer.from_exabgp("done"), announcer.from_exabgp("done");

  const auto same = announcer.set({2, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  EXPECT_THAT(same.to_exabgp, IsEmpty());
  EXPECT_THAT(same.to_lbd, ElementsAre(FromHelper(Acknowledged{2, {}, {}, {}})));

  EXPECT_THAT(announcer.set({3, {route("10.1.2.0/24", "10.0.0.106")}}).to_exabgp,
              ElementsAre("withdraw route 10.1.1.0/24 next-hop 10.0.0.105",
                          "announce route 10.1.2.0/24 next-hop 10.0.0.106"))
      << "a route with a new next hop takes the old one's place: withdrawing that would withdraw the new one";
  announcer.from_exabgp("done");
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd,
              ElementsAre(FromHelper(
                  Acknowledged{3, {route("10.1.2.0/24", "10.0.0.106")}, {route("10.1.1.0/24")}, {}})));
}

TEST(Announcer, SetsThatFollowEachOtherQuicklyAreAcknowledgedInTurn) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  EXPECT_THAT(announcer.set({2, {route("10.1.1.0/24")}}).to_lbd, IsEmpty())
      << "its route is not yet answered";
  EXPECT_THAT(announcer.set({3, {}}).to_exabgp,
              ElementsAre("withdraw route 10.1.1.0/24 next-hop 10.0.0.105"));
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {route("10.1.1.0/24")}, {}, {}}),
                          FromHelper(Acknowledged{2, {}, {}, {}})));
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd,
              ElementsAre(FromHelper(Acknowledged{3, {}, {route("10.1.1.0/24")}, {}})));
}

TEST(Announcer, WhatExabgpRefusesIsToldAndTriedAgainWithTheNextSet) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  EXPECT_THAT(announcer.from_exabgp("error").to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {}, {}, {route("10.1.1.0/24")}})));
  EXPECT_THAT(announcer.set({2, {route("10.1.1.0/24")}}).to_exabgp,
              ElementsAre("announce route 10.1.1.0/24 next-hop 10.0.0.105"));
}

TEST(Announcer, AHelperThatFollowsOneThatCrashedLearnsWhatExabgpAnnounces) {
  Announcer announcer;
  announcer.start();
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_exabgp, IsEmpty())
      << "not before it is known what there is";
  announcer.from_exabgp("Peer            AS        up/down state       |     #sent     #recvd");
  announcer.from_exabgp("10.0.0.1        65021     0:00:05 established           2          1");
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd, ElementsAre(FromHelper(Session{"10.0.0.1", true})));
  announcer.from_exabgp("neighbor 10.0.0.1 ipv4 unicast 10.1.1.0/24 next-hop 10.0.0.105");
  announcer.from_exabgp("neighbor 10.0.0.1 ipv4 unicast 10.1.2.0/24 next-hop 10.0.0.105");
  EXPECT_THAT(announcer.from_exabgp("done").to_exabgp,
              ElementsAre("withdraw route 10.1.2.0/24 next-hop 10.0.0.105"));
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {}, {route("10.1.2.0/24")}, {}})));
}

TEST(Announcer, WithoutLbdForTooLongEverythingIsWithdrawnAndComesBackWithIt) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  announcer.from_exabgp("done");
  announcer.lbd_gone();
  EXPECT_THAT(announcer.withdraw_all().to_exabgp,
              ElementsAre("withdraw route 10.1.1.0/24 next-hop 10.0.0.105"));
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd, IsEmpty()) << "nobody asked";
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_exabgp,
              ElementsAre("announce route 10.1.1.0/24 next-hop 10.0.0.105"));
}

TEST(Announcer, TheNextLbdIsNotToldWhatTheLastOneAskedFor) {
  auto announcer = fresh();
  announcer.set({9, {route("10.1.1.0/24")}});
  announcer.lbd_gone();
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_exabgp, IsEmpty());
  EXPECT_THAT(announcer.from_exabgp("done").to_lbd, ElementsAre(FromHelper(Acknowledged{1, {}, {}, {}})));
}

TEST(Announcer, SessionsAreToldWhenTheyChange) {
  auto announcer = fresh();
  EXPECT_THAT(announcer.from_exabgp(session_connected).to_lbd, IsEmpty()) << "only TCP's";
  EXPECT_THAT(announcer.from_exabgp(session_up).to_lbd, ElementsAre(FromHelper(Session{"10.0.0.1", true})));
  EXPECT_THAT(announcer.from_exabgp(session_up).to_lbd, IsEmpty());
  EXPECT_THAT(announcer.sessions(), ElementsAre(FromHelper(Session{"10.0.0.1", true})));
  EXPECT_THAT(announcer.from_exabgp(session_down).to_lbd,
              ElementsAre(FromHelper(Session{"10.0.0.1", false})));
}

TEST(Announcer, OtherWordsOfExabgpAreLetBe) {
  auto announcer = fresh();
  for (const char* line : {shutdown, "{", "{}", "done", "error", "", "anything"})
    EXPECT_EQ(announcer.from_exabgp(line), Announcer::Output{}) << line;
}

}  // namespace
}  // namespace lbcore::announce
