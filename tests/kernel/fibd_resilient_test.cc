// fibd's two kinds of nexthop groups, and what becomes of flows when next hops come and go.
#include <gmock/gmock.h>

#include "tests/kernel/fibd_fixture.hpp"
#include "tests/kernel/udp_flows.hpp"

namespace lblab {
namespace {

using Reached = UdpFlows::Reached;
using testing::Contains;
using testing::Each;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// The router's gobgpd takes whoever connects, also one that just left.
const std::string open_router = R"(
global: {config: {as: 65021, router-id: 10.0.0.110, local-address-list: ["0.0.0.0"]},
         use-multiple-paths: {config: {enabled: true}}}
peer-groups:
  - config: {peer-group-name: announcers, peer-as: 65021}
    afi-safis: [{config: {afi-safi-name: ipv4-unicast}}, {config: {afi-safi-name: ipv6-unicast}}]
dynamic-neighbors: [{config: {prefix: 10.0.0.104/29, peer-group: announcers}}]
)";

/// Flows that changed hosts although theirs was there before and after.
int moved_needlessly(const Reached& before, const Reached& after, const std::set<std::string>& stayed) {
  int moved = 0;
  for (const auto& [port, host] : before) moved += stayed.contains(host) && after.at(port) != host;
  return moved;
}

std::map<std::string, int> shares(const Reached& reached) {
  std::map<std::string, int> flows;
  for (const auto& [port, host] : reached) ++flows[host];
  return flows;
}

class FibdGroups : public Fibd {
 protected:
  /// The router's BGP groups as `ip` shows them.
  std::vector<json> groups() {
    std::vector<json> found;
    for (const auto& object : ip("router", "-d nexthop show"))
      if (object["protocol"] == "bgp" && object.contains("group")) found.push_back(object);
    return found;
  }
  std::set<std::string> kinds() {
    std::set<std::string> found;
    for (const auto& group : groups()) found.insert(group.value("type", "plain"));  // ip names no type then
    return found;
  }
  json group_of(const std::string& prefix) { return ip("router", "route show " + prefix)[0]["nhid"]; }

  UdpFlows flows(std::uint16_t first_port) {
    return {{kernel_->netns("client"), client, first_port, 128},
            service,
            {{"a", &kernel_->netns("a")}, {"b", &kernel_->netns("b")}, {"c", &kernel_->netns("c")}}};
  }

  /// The same flows before a leaves, without it, and with it again; and others that began after that.
  struct Story {
    Reached before, without_a, again, begun_later;
  };
  /// a comes first in a plain group (its object has the lowest id), so that b's and c's hashes shift.
  Story a_leaves_and_comes_back(const std::vector<std::string>& options) {
    auto& fib = fibd(options);
    gobgpd("router", open_router);
    auto& announcer_a = announce("a", "10.0.0.110");
    until_route(fib, web, {a});
    announce("b", "10.0.0.110");
    announce("c", "10.0.0.110");
    until_route(fib, web, {a, b, c});
    const json group = group_of(web);
    Story story;
    auto same_flows = std::make_unique<UdpFlows>(flows(20'000));
    story.before = same_flows->send();
    announcer_a.end(SIGKILL);
    until_route(fib, web, {b, c});
    story.without_a = same_flows->send();
    announce("a", "10.0.0.110");
    until_route(fib, web, {a, b, c});
    story.again = same_flows->send();
    same_flows.reset();
    story.begun_later = flows(30'000).send();
    EXPECT_EQ(group_of(web), group) << "a change of members is a replacement in place";
    return story;
  }
};

TEST_F(FibdGroups, PlainOnesMoveFlowsWhoseNextHopStays) {
  const Story story = a_leaves_and_comes_back({});
  EXPECT_EQ(kinds(), std::set<std::string>{"plain"});
  EXPECT_EQ(shares(story.before).size(), 3u);
  EXPECT_FALSE(shares(story.without_a).contains("a"));
  EXPECT_GT(moved_needlessly(story.before, story.without_a, {"b", "c"}), 0);
  EXPECT_GT(moved_needlessly(story.without_a, story.again, {"b", "c"}), 0);
}

TEST_F(FibdGroups, ResilientOnesMoveOnlyTheFlowsOfANextHopThatLeaves) {
  const Story story = a_leaves_and_comes_back({"--groups", "resilient"});
  EXPECT_EQ(kinds(), std::set<std::string>{"resilient"});
  EXPECT_EQ(shares(story.before).size(), 3u);
  EXPECT_FALSE(shares(story.without_a).contains("a"));
  EXPECT_EQ(moved_needlessly(story.before, story.without_a, {"b", "c"}), 0);
  EXPECT_EQ(story.again, story.without_a) << "no bucket is idle yet";
  EXPECT_TRUE(shares(story.begun_later).contains("a")) << "buckets that no flow uses are a's at once";
}

TEST_F(FibdGroups, ResilientOnesHaveTheParametersAskedForAndLeaveNothingBehind) {
  auto& fib = fibd({"--groups", "resilient", "--buckets", "64", "--idle", "30s", "--unbalanced", "5m"});
  gobgpd("router", open_router);
  auto& announcer_a = announce("a", "10.0.0.110");
  auto& announcer_b = announce("b", "10.0.0.110");
  until_route(fib, web, {a, b});
  until_route(fib, web6, {"fd00::105", "fd00::106"});
  ASSERT_EQ(groups().size(), 2u);
  for (const auto& group : groups()) {
    SCOPED_TRACE(group.dump());
    EXPECT_EQ(group["type"], "resilient");
    EXPECT_EQ(group["group"].size(), 2u);
    EXPECT_EQ(group["resilient_args"]["buckets"], 64);
    EXPECT_EQ(group["resilient_args"]["idle_timer"], 30);
    EXPECT_EQ(group["resilient_args"]["unbalanced_timer"], 300);
  }
  announcer_a.end(SIGKILL);
  announcer_b.end(SIGKILL);
  until_route(fib, web, {});
  until_route(fib, web6, {});
  EXPECT_EQ(nexthop_objects(), 0u);
}

TEST_F(FibdGroups, ResilientOnesAreAdoptedAsTheyAre) {
  const std::vector<std::string> options{"--groups", "resilient", "--buckets", "32", "--idle", "7s"};
  auto& killed = fibd(options);
  gobgpd("router", open_router);
  for (const auto* host : {"a", "b", "c"}) announce(host, "10.0.0.110");
  until_route(killed, web, {a, b, c});
  until_route(killed, web6, {"fd00::105", "fd00::106", "fd00::107"});

  RouteEvents events(kernel_->netns("router"));
  killed.end(SIGKILL);
  auto& next = fibd(options);
  until_event(next, {{"event", "ready"}});
  EXPECT_THAT(events.read(), IsEmpty());
  EXPECT_EQ(gateways(web), (Gateways{a, b, c}));
  EXPECT_EQ(kinds(), std::set<std::string>{"resilient"});
}

TEST_F(FibdGroups, OfAnotherKindTakeTheRoutesOverWithoutAGap) {
  auto* fib = &fibd();
  gobgpd("router", open_router);
  for (const auto* host : {"a", "b"}) announce(host, "10.0.0.110");
  until_route(*fib, web, {a, b});
  until_route(*fib, web6, {"fd00::105", "fd00::106"});

  RouteEvents watch(kernel_->netns("router"));
  for (const std::string kind : {"resilient", "plain"}) {
    SCOPED_TRACE("now " + kind);
    fib->end(SIGKILL);
    fib = &fibd({"--groups", kind});
    until_event(*fib, {{"event", "ready"}});
    const auto events = watch.read();
    EXPECT_THAT(events, Contains("new route " + web));
    EXPECT_THAT(events, Contains("new route " + web6));
    EXPECT_THAT(events, Each(Not(StartsWith("del route"))));
    EXPECT_EQ(kinds(), std::set<std::string>{kind});
    EXPECT_EQ(gateways(web), (Gateways{a, b}));
    EXPECT_EQ(nexthop_objects(), 6u) << "two groups, four next hops, and none of the groups before";
  }
}

}  // namespace
}  // namespace lblab
