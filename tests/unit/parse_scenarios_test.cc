#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "lab/model/parse.hpp"
#include "tests/unit/good_topology.hpp"

/// A file that has everything a scenario can say, value by value; and what it means when little is said.
namespace lblab::model {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class EverySaying : public testing::Test {
 protected:
  EverySaying() {
    std::ifstream in(LBLAB_SOURCE_DIR "/tests/fuzz/corpus/scenarios.yaml");
    std::ostringstream text;
    text << in.rdbuf();
    cluster_ = good(text.str());
  }

  const Scenario& scenario(std::size_t n) const { return cluster_.scenarios.at(n); }

  Cluster cluster_;
};

/// What the next step does, as a T.
class Reader {
 public:
  explicit Reader(const std::vector<Step>& steps) : steps_(steps) {}

  template <class T>
  T next() {
    return std::get<T>(step().what);
  }
  template <class T>
  T next_subject(Expectation::When when = Expectation::When::throughout, milliseconds limit = 0ms) {
    const auto expectation = next<Expectation>();
    EXPECT_EQ(expectation.when, when) << "step " << n_;
    EXPECT_EQ(expectation.limit, limit) << "step " << n_;
    return std::get<T>(expectation.what);
  }
  const Step& step() { return steps_.at(n_++); }
  bool at_end() const { return n_ == steps_.size(); }

 private:
  const std::vector<Step>& steps_;
  std::size_t n_ = 0;
};

TEST_F(EverySaying, LinksAreImpairedFromTheBeginning) {
  EXPECT_EQ(cluster_.node("client")->interfaces[0].impairment, (Impairment{.delay = 10ms}));
  EXPECT_EQ(cluster_.node("client")->interfaces[0].address.str(), "192.0.2.10/24");
  EXPECT_FALSE(cluster_.node("router")->interfaces[0].impairment);
  EXPECT_EQ(cluster_.links[0].impairment, (Impairment{.loss = 0.5, .rate_bits = 10'000'000}));
}

TEST_F(EverySaying, TheScenarioAndItsTraffic) {
  ASSERT_EQ(cluster_.scenarios.size(), 2u);
  EXPECT_EQ(scenario(0).name, "faults");
  EXPECT_EQ(scenario(0).about, "Everything that can be done.");
  EXPECT_EQ(scenario(0).settle, 2s);
  EXPECT_EQ(scenario(0).mark, (Mark{14, 3}));
  const auto& [udp, http, flows] = scenario(0).traffic;
  ASSERT_TRUE(udp && http && flows);
  EXPECT_EQ(udp->from, "node3");
  EXPECT_EQ(udp->to, "client");
  EXPECT_EQ(udp->port, 9);
  EXPECT_EQ(udp->flows, 16);
  EXPECT_EQ(udp->rate, 1'000);
  EXPECT_EQ(http->from, "client") << "the only one";
  EXPECT_EQ(http->to, "web");
  EXPECT_EQ(http->rate, 100);
  EXPECT_EQ(http->timeout, 3s);
  EXPECT_EQ(flows->count, 5);
  EXPECT_EQ(flows->interval, 1s);
}

TEST_F(EverySaying, FaultsOfProcessesAndHosts) {
  Reader reader(scenario(0).steps);
  EXPECT_EQ(scenario(0).steps[0].at, 1s);
  EXPECT_EQ(scenario(0).steps[0].mark, (Mark{22, 9}));
  EXPECT_FALSE(scenario(0).steps[1].at);
  const auto kill = reader.next<KillProcess>();
  EXPECT_EQ(kill.host, "web-lb-2");
  EXPECT_EQ(kill.process, "exabgp");
  EXPECT_EQ(kill.signal, 15);
  EXPECT_FALSE(kill.restart);
  const auto start = reader.next<StartProcess>();
  EXPECT_EQ(start.host + "/" + start.process, "web-lb-2/exabgp");
  const auto kill_all = reader.next<KillProcess>();
  EXPECT_EQ(kill_all.host, "router");
  EXPECT_EQ(kill_all.process, "");
  EXPECT_EQ(kill_all.signal, 9);
  EXPECT_TRUE(kill_all.restart);
  const auto freeze = reader.next<FreezeProcess>();
  EXPECT_EQ(freeze.host + "/" + freeze.process, "web-lb-1/lbd");
  const auto thaw = reader.next<ThawProcess>();
  EXPECT_EQ(thaw.host + "/" + thaw.process, "web-lb-1/");
  const auto reload = reader.next<ReloadProcess>();
  EXPECT_EQ(reload.host + "/" + reload.process, "web-lb-1/lbd");
  EXPECT_EQ(reader.next<DeletePod>().pod, "web-2");
  EXPECT_EQ(reader.next<CrashHost>().host, "node2");
  EXPECT_EQ(reader.next<RecoverHost>().host, "node2");
  EXPECT_EQ(reader.next<PartitionHost>().host, "node1");
  EXPECT_EQ(reader.next<HealHost>().host, "node1");
}

TEST_F(EverySaying, FaultsOfLinksAndChanges) {
  Reader reader(scenario(0).steps);
  for (int n = 0; n < 11; ++n) reader.step();
  const auto link = reader.next<SetLinkState>();
  EXPECT_EQ(link.host + ":" + link.interface, "node1:x");
  EXPECT_FALSE(link.up);
  const auto flap = reader.next<FlapLink>();
  EXPECT_EQ(flap.host + ":" + flap.interface, "web-1:");
  EXPECT_EQ(flap.times, 5);
  EXPECT_EQ(flap.period, 200ms);
  const auto impair = reader.next<ImpairLink>();
  EXPECT_EQ(impair.host, "client");
  EXPECT_EQ(impair.direction, ImpairLink::Direction::from);
  EXPECT_EQ(impair.impairment,
            (Impairment{
                .delay = 20ms, .jitter = 5ms, .loss = 1, .duplicate = 2, .reorder = 3, .rate_bits = 8'000}));
  const auto repair = reader.next<RepairLink>();
  EXPECT_EQ(repair.host + ":" + repair.interface, "client:eth0");
  const auto scale = reader.next<ScaleService>();
  EXPECT_EQ(scale.service, "web");
  EXPECT_EQ(scale.pods, (Drawn<int>{4, 6}));
  EXPECT_EQ(scale.load_balancers, (Drawn<int>{3, 3}));
  const auto connect = reader.next<Connect>();
  EXPECT_EQ(connect.from + " " + connect.to, "web-6 node1") << "a pod that the step before may have made";
  EXPECT_EQ(reader.next<Wait>().time, (Drawn<milliseconds>{1s, 3s}));
  const Step& last = reader.step();
  EXPECT_EQ(last.at, 20s);
  const auto& repeat = std::get<Repeat>(last.what);
  EXPECT_EQ(repeat.times, 30);
  ASSERT_EQ(repeat.steps.size(), 1u);
  const auto& choice = std::get<OneOf>(repeat.steps[0].what);
  ASSERT_EQ(choice.steps.size(), 2u);
  EXPECT_EQ(std::get<CrashHost>(choice.steps[0].what).host, "web-1");
  EXPECT_EQ(std::get<Wait>(choice.steps[1].what).time.min, 5ms);
  EXPECT_EQ(choice.steps[1].mark.line, 40);
  EXPECT_TRUE(reader.at_end());
}

TEST_F(EverySaying, ExpectationsOfStates) {
  using When = Expectation::When;
  Reader reader(scenario(1).steps);
  reader.next<Connect>();
  const auto route = reader.next_subject<RouteExpectation>(When::within, 1s);
  EXPECT_EQ(route.host, "router");
  EXPECT_EQ(route.route.str(), "10.1.1.0/24");
  EXPECT_THAT(route.via, ElementsAre("node1", "node3"));
  EXPECT_THAT(reader.next_subject<RouteExpectation>(When::throughout, 2s).via, ElementsAre("web"));
  EXPECT_THAT(reader.next_subject<RouteExpectation>(When::never).via, IsEmpty());
  const auto sessions = reader.next_subject<SessionExpectation>(When::throughout);
  EXPECT_EQ(sessions.host, "rr");
  EXPECT_THAT(sessions.with, ElementsAre("node1", "node3"));
  const auto ipvs = reader.next_subject<IpvsExpectation>(When::within, 5s);
  EXPECT_EQ(ipvs.host, "web-lb-1");
  EXPECT_THAT(ipvs.real_servers, ElementsAre("web-1", "web-2"));
  EXPECT_THAT(reader.next_subject<EventExpectation>(When::within, 1s).event,
              ElementsAre(Pair("event", "announce"), Pair("host", "web-lb-1"), Pair("up", "true")));
  const auto order = reader.next_subject<OrderExpectation>(When::throughout);
  EXPECT_THAT(order.events, ElementsAre(EventPattern{{"event", "announce"}, {"state", "withdrawn"}},
                                        EventPattern{{"event", "route"}, {"host", "router"}}));
  EXPECT_EQ(reader.next_subject<OrderExpectation>(When::within, 4s).events.size(), 2u);
}

TEST_F(EverySaying, ExpectationsOfMeasures) {
  Reader reader(scenario(1).steps);
  for (int n = 0; n < 9; ++n) reader.step();
  const auto outage = reader.next_subject<OutageExpectation>();
  EXPECT_EQ(outage.max, 300ms);
  EXPECT_EQ(outage.min, 10ms);
  EXPECT_EQ(outage.p99, 200ms);
  const auto few = reader.next_subject<RequestExpectation>();
  EXPECT_EQ(few.failed, 2);
  EXPECT_TRUE(few.only_in_flight);
  EXPECT_FALSE(few.rate);
  const auto most = reader.next_subject<RequestExpectation>();
  EXPECT_EQ(most.failed, std::numeric_limits<int>::max()) << "the share alone decides";
  EXPECT_EQ(most.rate, 0.99);
  const auto all = reader.next_subject<RequestExpectation>();
  EXPECT_EQ(all.failed, 0);
  EXPECT_FALSE(all.only_in_flight);
  const auto flows = reader.next_subject<FlowExpectation>();
  EXPECT_EQ(flows.lost, 1);
  EXPECT_EQ(flows.survive, 19);
  EXPECT_EQ(reader.next_subject<MovedExpectation>().needlessly, 3);
  const auto fairness = reader.next_subject<FairnessExpectation>();
  EXPECT_EQ(fairness.over, FairnessExpectation::Over::both);
  EXPECT_EQ(fairness.p, 1e-3);
  const auto connection = reader.next_subject<SourceExpectation>();
  EXPECT_EQ(connection.of, "connect");
  EXPECT_THAT(connection.is, ElementsAre("node1"));
  EXPECT_THAT(reader.next_subject<SourceExpectation>().is, ElementsAre("web"));
  const auto counters = reader.next_subject<CounterExpectation>();
  EXPECT_EQ(counters.bounds.at("reverse-path-filter").max, 0u);
  EXPECT_EQ(counters.bounds.at("conntrack-insert-failed").max, 1u);
  EXPECT_EQ(counters.bounds.at("icmp-unreachable").max, 2u);
  EXPECT_TRUE(reader.at_end());
}

TEST(Scenarios, AbsentKeysMeanWhatTheStructsSay) {
  const Cluster cluster = good(R"(
name: t
networks: {net: {subnet: 10.0.0.0/24}}
nodes:
  c: {role: client, interfaces: {net: 10.0.0.9}}
  r: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}
  n: {role: node, interfaces: {net: 10.0.0.2}}
overlay: {}
services: {web: {addresses: 10.1.1.0/24, udp: true, load-balancers: {}}}
scenarios:
  s:
    traffic: {udp: {to: web}, http: {to: web}, flows: {to: web}}
    steps:
      - kill: {in: web-1}
      - flap: {of: n}
      - impair: {of: n, loss: 1%}
      - expect: {requests: {}}
      - expect: {flows-moved: {}}
      - expect: {fairness: {}}
      - expect: {counters: {icmp-unreachable: 0}}
  at-a-node: {traffic: {udp: {to: n}}, steps: [wait: 1s]}
)");
  ASSERT_EQ(cluster.scenarios.size(), 2u);
  const Scenario& scenario = cluster.scenarios[0];
  EXPECT_EQ(scenario.settle, Scenario{}.settle);
  EXPECT_EQ(scenario.about, "");
  EXPECT_EQ(scenario.traffic.udp->port, UdpTraffic{}.port);
  EXPECT_EQ(scenario.traffic.udp->flows, UdpTraffic{}.flows);
  EXPECT_EQ(scenario.traffic.udp->rate, UdpTraffic{}.rate);
  EXPECT_EQ(scenario.traffic.http->rate, HttpTraffic{}.rate);
  EXPECT_EQ(scenario.traffic.http->timeout, HttpTraffic{}.timeout);
  EXPECT_EQ(scenario.traffic.flows->count, FlowTraffic{}.count);
  EXPECT_EQ(scenario.traffic.flows->interval, FlowTraffic{}.interval);
  EXPECT_EQ(cluster.scenarios[1].traffic.udp->port, 7) << "no service has one there";

  Reader reader(scenario.steps);
  const auto kill = reader.next<KillProcess>();
  EXPECT_EQ(kill.signal, KillProcess{}.signal);
  EXPECT_EQ(kill.restart, KillProcess{}.restart);
  const auto flap = reader.next<FlapLink>();
  EXPECT_EQ(flap.times, FlapLink{}.times);
  EXPECT_EQ(flap.period, FlapLink{}.period);
  const auto impair = reader.next<ImpairLink>();
  EXPECT_EQ(impair.direction, ImpairLink{}.direction);
  EXPECT_EQ(impair.impairment, (Impairment{.loss = 1}));
  const auto requests = reader.next_subject<RequestExpectation>();
  EXPECT_EQ(requests.failed, RequestExpectation{}.failed);
  EXPECT_EQ(requests.only_in_flight, RequestExpectation{}.only_in_flight);
  EXPECT_EQ(reader.next_subject<MovedExpectation>().needlessly, MovedExpectation{}.needlessly);
  const auto fairness = reader.next_subject<FairnessExpectation>();
  EXPECT_EQ(fairness.over, FairnessExpectation{}.over);
  EXPECT_EQ(fairness.p, FairnessExpectation{}.p);
  const auto counters = reader.next_subject<CounterExpectation>();
  EXPECT_FALSE(counters.bounds.contains("reverse-path-filter"));
  EXPECT_FALSE(counters.bounds.contains("conntrack-insert-failed"));
}

TEST(Scenarios, EveryChoiceOfTheTableIsReadAsItself) {
  const Cluster cluster = good(R"(
name: t
nodes: {a: {processes: [{run: x}]}, b: {role: client}}
links: [[a:x, b:x]]
scenarios:
  s:
    traffic: {udp: {to: a}}
    steps:
      - link: {of: a, state: up}
      - link: {of: a, state: down}
      - impair: {of: a, delay: 1ms, direction: both}
      - impair: {of: a, delay: 1ms, direction: to}
      - expect: {fairness: {over: next-hops}}
      - expect: {fairness: {over: real-servers}}
      - kill: {in: a, signal: HUP, restart: after}
      - kill: {in: a, signal: SIGUSR1}
)");
  Reader reader(cluster.scenarios.at(0).steps);
  EXPECT_TRUE(reader.next<SetLinkState>().up);
  EXPECT_FALSE(reader.next<SetLinkState>().up);
  EXPECT_EQ(reader.next<ImpairLink>().direction, ImpairLink::Direction::both);
  EXPECT_EQ(reader.next<ImpairLink>().direction, ImpairLink::Direction::to);
  EXPECT_EQ(reader.next_subject<FairnessExpectation>().over, FairnessExpectation::Over::next_hops);
  EXPECT_EQ(reader.next_subject<FairnessExpectation>().over, FairnessExpectation::Over::real_servers);
  EXPECT_EQ(reader.next<KillProcess>().signal, 1);
  EXPECT_EQ(reader.next<KillProcess>().signal, 10);
}

}  // namespace
}  // namespace lblab::model
