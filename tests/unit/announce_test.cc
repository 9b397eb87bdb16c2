#include "lbcore/announce/announcer.hpp"

#include <gmock/gmock.h>

#include "lbcore/announce/exabgp.hpp"
#include "tests/unit/announced_route.hpp"

namespace lbcore::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Request ask_sessions{Request::Kind::sessions}, ask_routes{Request::Kind::routes};
Request announce(const Route& route) { return {Request::Kind::announce, route}; }
Request withdraw(const Route& route) { return {Request::Kind::withdraw, route}; }
const Answer done{true}, refused{false};

/// exabgp's own words (4.2.21).
const char* const session_up =
    R"json({ "exabgp": "4.0.1", "time": 1795307916.5139728, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 2, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "up" } })json";
const char* const session_connected =
    R"json({ "exabgp": "4.0.1", "time": 1795307916.5, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 1, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "connected" } })json";
const char* const session_down =
    R"json({ "exabgp": "4.0.1", "time": 1795307926.9, "host" : "vm", "pid" : 29163, "ppid" : 29158, "counter": 3, "type": "state", "neighbor": { "address": { "local": "10.0.0.2", "peer": "10.0.0.1" }, "asn": { "local": 65021, "peer": 65021 } , "state": "down", "reason": "peer reset, message (notification received (6,2)) error(Cease / Administrative Shutdown)" } })json";
const char* const shutdown =
    R"json({ "exabgp": "4.0.1", "time": 1795307927.9, "host" : "vm", "pid" : 29163, "ppid" : 29158, "type": "notification", "notification": "shutdown" })json";

/// A helper whose agent has just started and announces nothing.
Announcer fresh() {
  Announcer announcer;
  announcer.start();
  announcer.from_agent(done);
  announcer.from_agent(done);
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

TEST(Announcer, BeginsByAskingTheAgent) {
  EXPECT_THAT(Announcer().start().to_agent, ElementsAre(ask_sessions, ask_routes));
}

TEST(Announcer, ASetBecomesRequestsAndIsAcknowledgedWhenTheAgentHasAnsweredThem) {
  auto announcer = fresh();
  const auto out = announcer.set({1, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  EXPECT_THAT(out.to_agent, ElementsAre(announce(route("10.1.1.0/24")), announce(route("10.1.2.0/24"))));
  EXPECT_THAT(out.to_lbd, IsEmpty());
  EXPECT_THAT(announcer.from_agent(done).to_lbd, IsEmpty());
  EXPECT_THAT(announcer.from_agent(done).to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {route("10.1.1.0/24"), route("10.1.2.0/24")}, {}, {}})));
}

TEST(Announcer, OnlyDifferencesAreRequests) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  announcer.from_agent(done), announcer.from_agent(done);

  const auto same = announcer.set({2, {route("10.1.1.0/24"), route("10.1.2.0/24")}});
  EXPECT_THAT(same.to_agent, IsEmpty());
  EXPECT_THAT(same.to_lbd, ElementsAre(FromHelper(Acknowledged{2, {}, {}, {}})));

  EXPECT_THAT(announcer.set({3, {route("10.1.2.0/24", "10.0.0.106")}}).to_agent,
              ElementsAre(withdraw(route("10.1.1.0/24")), announce(route("10.1.2.0/24", "10.0.0.106"))))
      << "a route with a new next hop takes the old one's place: withdrawing that would withdraw the new one";
  announcer.from_agent(done);
  EXPECT_THAT(announcer.from_agent(done).to_lbd,
              ElementsAre(FromHelper(
                  Acknowledged{3, {route("10.1.2.0/24", "10.0.0.106")}, {route("10.1.1.0/24")}, {}})));
}

TEST(Announcer, SetsThatFollowEachOtherQuicklyAreAcknowledgedInTurn) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  EXPECT_THAT(announcer.set({2, {route("10.1.1.0/24")}}).to_lbd, IsEmpty())
      << "its route is not yet answered";
  EXPECT_THAT(announcer.set({3, {}}).to_agent, ElementsAre(withdraw(route("10.1.1.0/24"))));
  EXPECT_THAT(announcer.from_agent(done).to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {route("10.1.1.0/24")}, {}, {}}),
                          FromHelper(Acknowledged{2, {}, {}, {}})));
  EXPECT_THAT(announcer.from_agent(done).to_lbd,
              ElementsAre(FromHelper(Acknowledged{3, {}, {route("10.1.1.0/24")}, {}})));
}

TEST(Announcer, WhatTheAgentRefusesIsToldAndTriedAgainWithTheNextSet) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  EXPECT_THAT(announcer.from_agent(refused).to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {}, {}, {route("10.1.1.0/24")}})));
  EXPECT_THAT(announcer.set({2, {route("10.1.1.0/24")}}).to_agent,
              ElementsAre(announce(route("10.1.1.0/24"))));
}

TEST(Announcer, AHelperThatFollowsOneThatCrashedLearnsWhatTheAgentAnnounces) {
  Announcer announcer;
  announcer.start();
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_agent, IsEmpty())
      << "not before it is known what there is";
  EXPECT_THAT(announcer.from_agent(Session{"10.0.0.1", true}).to_lbd,
              ElementsAre(FromHelper(Session{"10.0.0.1", true})));
  announcer.from_agent(done);
  announcer.from_agent(Held{route("10.1.1.0/24")});
  announcer.from_agent(Held{route("10.1.2.0/24")});
  EXPECT_THAT(announcer.from_agent(done).to_agent, ElementsAre(withdraw(route("10.1.2.0/24"))));
  EXPECT_THAT(announcer.from_agent(done).to_lbd,
              ElementsAre(FromHelper(Acknowledged{1, {}, {route("10.1.2.0/24")}, {}})));
}

TEST(Announcer, WithoutLbdForTooLongEverythingIsWithdrawnAndComesBackWithIt) {
  auto announcer = fresh();
  announcer.set({1, {route("10.1.1.0/24")}});
  announcer.from_agent(done);
  announcer.lbd_gone();
  EXPECT_THAT(announcer.withdraw_all().to_agent, ElementsAre(withdraw(route("10.1.1.0/24"))));
  EXPECT_THAT(announcer.from_agent(done).to_lbd, IsEmpty()) << "nobody asked";
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_agent,
              ElementsAre(announce(route("10.1.1.0/24"))));
}

TEST(Announcer, TheNextLbdIsNotToldWhatTheLastOneAskedFor) {
  auto announcer = fresh();
  announcer.set({9, {route("10.1.1.0/24")}});
  announcer.lbd_gone();
  EXPECT_THAT(announcer.set({1, {route("10.1.1.0/24")}}).to_agent, IsEmpty());
  EXPECT_THAT(announcer.from_agent(done).to_lbd, ElementsAre(FromHelper(Acknowledged{1, {}, {}, {}})));
}

TEST(Announcer, SessionsAreToldWhenTheyChange) {
  auto announcer = fresh();
  const Session up{"10.0.0.1", true}, down{"10.0.0.1", false};
  EXPECT_THAT(announcer.from_agent(up).to_lbd, ElementsAre(FromHelper(up)));
  EXPECT_THAT(announcer.from_agent(up).to_lbd, IsEmpty());
  EXPECT_THAT(announcer.sessions(), ElementsAre(FromHelper(up)));
  EXPECT_THAT(announcer.from_agent(down).to_lbd, ElementsAre(FromHelper(down)));
}

TEST(Announcer, AnswersToNothingAreLetBe) {
  auto announcer = fresh();
  EXPECT_EQ(announcer.from_agent(done), Announcer::Output{});
  EXPECT_EQ(announcer.from_agent(Held{route("10.1.1.0/24")}), Announcer::Output{});
}

TEST(Exabgp, IsAskedInTheWordsOfItsApi) {
  EXPECT_EQ(exabgp::command(ask_sessions), "show neighbor summary");
  EXPECT_EQ(exabgp::command(ask_routes), "show adj-rib out");
  EXPECT_EQ(exabgp::command(announce(route("10.1.1.0/24"))),
            "announce route 10.1.1.0/24 next-hop 10.0.0.105");
  EXPECT_EQ(exabgp::command(withdraw(route("10.1.1.0/24"))),
            "withdraw route 10.1.1.0/24 next-hop 10.0.0.105");
}

TEST(Exabgp, TellsOfSessionsRoutesAndCommands) {
  EXPECT_EQ(exabgp::read(session_up), FromAgent(Session{"10.0.0.1", true}));
  EXPECT_EQ(exabgp::read(session_down), FromAgent(Session{"10.0.0.1", false}));
  EXPECT_EQ(exabgp::read("10.0.0.1        65021     0:00:05 established           2          1"),
            FromAgent(Session{"10.0.0.1", true}));
  EXPECT_EQ(exabgp::read("neighbor 10.0.0.1 ipv4 unicast 10.1.1.0/24 next-hop 10.0.0.105"),
            FromAgent(Held{route("10.1.1.0/24")}));
  EXPECT_EQ(exabgp::read("done"), FromAgent(done));
  EXPECT_EQ(exabgp::read("error"), FromAgent(refused));
}

TEST(Exabgp, OtherWordsOfItAreLetBe) {
  for (const char* line : {session_connected, shutdown, "{", "{}", "", "anything",
                           "Peer            AS        up/down state       |     #sent     #recvd"})
    EXPECT_FALSE(exabgp::read(line)) << line;
}

}  // namespace
}  // namespace lbcore::announce
