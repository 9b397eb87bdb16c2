#include "lab/expect/standing.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lab/expect/facts.hpp"

namespace lblab {
namespace {

using expect::Standing;
using nlohmann::json;

json at(double t, json event) {
  event["t"] = t;
  return event;
}

json route(const std::vector<std::string>& gateways, bool present = true) {
  json hops = json::array();
  for (const auto& via : gateways) hops.push_back({{"via", via}});
  return {{"event", "route"},
          {"host", "router"},
          {"destination", "10.1.1.0/24"},
          {"table", 254},
          {"metric", 20},
          {"protocol", "bgp"},
          {"state", present ? "present" : "removed"},
          {"next-hops", hops}};
}
json session(const std::string& peer, bool up) {
  return {{"event", "session"},
          {"host", "rr"},
          {"process", "gobgpd"},
          {"peer", peer},
          {"state", up ? "up" : "down"}};
}
json process(const std::string& state, int signal = 0) {
  return {{"event", "process"}, {"host", "rr"}, {"process", "gobgpd"}, {"state", state}, {"signal", signal}};
}

expect::Facts facts_of(const std::vector<json>& events) {
  expect::Facts facts;
  for (const auto& event : events) facts.take(event);
  return facts;
}

const std::vector<json> long_ago{at(1, process("started")),         at(2, process("ready")),
                                 at(3, session("10.0.0.1", true)),  at(4, session("10.0.0.2", true)),
                                 at(5, route({"10.0.0.1"})),        at(6, route({"10.0.0.1", "10.0.0.2"})),
                                 at(7, process("signalled", 19)),   at(8, process("signalled", 18)),
                                 at(9, session("10.0.0.2", false)), at(10, route({"10.0.0.1"}))};

TEST(Standing, KeepsTheLastEventOfEachThing) {
  Standing standing;
  for (const auto& event : long_ago) standing.take(event);
  const std::vector<json> wanted{long_ago[0], long_ago[1], long_ago[2],
                                 long_ago[7], long_ago[8], long_ago[9]};
  EXPECT_EQ(standing.events(), wanted);
}

TEST(Standing, IsInTheEndWhatAllThatHappenedWas) {
  Standing standing;
  for (const auto& event : long_ago) standing.take(event);
  const auto all = facts_of(long_ago), folded = facts_of(standing.events());
  const expect::Of key{"router", "10.1.1.0/24"};
  EXPECT_EQ(folded.routes.at(key).back().value, all.routes.at(key).back().value);
  EXPECT_EQ(folded.routes.at(key).back().t, all.routes.at(key).back().t);
  EXPECT_EQ(folded.peers.at("rr").back().value, (expect::Set{"10.0.0.1"}));
  const expect::Of agent{"rr", "gobgpd"};
  EXPECT_EQ(folded.processes.at(agent).back().value, all.processes.at(agent).back().value);
}

TEST(Standing, DoesNotGrowWithTime) {
  Standing standing;
  for (int n = 0; n < 10'000; ++n) standing.take(at(n, route({n % 2 ? "10.0.0.1" : "10.0.0.2"})));
  EXPECT_EQ(standing.events(), (std::vector<json>{at(9999, route({"10.0.0.1"}))}));
}

}  // namespace
}  // namespace lblab
