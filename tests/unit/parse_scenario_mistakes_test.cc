#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lab/model/parse.hpp"
#include "tests/unit/mistaken.hpp"

/// Every mistake that a scenario can have: where it is reported, what is said to be wrong and what would be
/// right.
namespace lblab::model {
namespace {

constexpr const char* all_traffic = "{udp: {to: web}, http: {to: web}, flows: {to: web}}";

/// A cluster, and `scenarios` done to it.
std::string lab(const std::string& scenarios) {
  return R"(name: t
networks: {net: {subnet: 10.0.0.0/24}}
nodes:
  client: {role: client, interfaces: {net: 10.0.0.9}}
  router: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}
  rr: {role: route-reflector, interfaces: {net: 10.0.0.2}, bgp: {agent: bird}}
  n1: {role: node, interfaces: {net: 10.0.0.11}}
  n2: {role: node, interfaces: {net: 10.0.0.12}, processes: [{run: iperf3 -s}]}
  lone: {}
links: [[n1:eth1, n2:eth1]]
overlay: {}
services:
  web: {addresses: 10.1.1.0/24, udp: true, pods: {replicas: 3}, load-balancers: {replicas: 2}}
  app: {addresses: 10.1.2.0/24, pods: {replicas: 1}, load-balancers: {replicas: 1}}
  bare: {addresses: 10.1.3.0/24}
scenarios:
)" + scenarios;
}

/// One scenario with all sorts of traffic and these steps.
std::string steps(const std::string& steps) {
  return lab(fmt::format("  s: {{traffic: {}, steps: [{}]}}\n", all_traffic, steps));
}

std::string traffic(const std::string& traffic) {
  return lab(fmt::format("  s: {{traffic: {{{}}}, steps: [wait: 1s]}}\n", traffic));
}

std::string expect(const std::string& keys) { return steps(fmt::format("{{expect: {{{}}}}}", keys)); }

class ScenarioMistakes : public testing::TestWithParam<Mistaken> {};
TEST_P(ScenarioMistakes, AreReportedWhereTheyStand) { expect_reported(GetParam()); }

TEST(ScenarioMistakes, AreNotInTheLabItself) {
  EXPECT_TRUE(parse(steps("wait: 1s")).cluster);
  EXPECT_TRUE(parse(traffic("")).cluster);
}

const std::vector<Mistaken> shapes{
    {"AScenarioWithoutSteps", lab("  ^s: {}\n"), {{"s lacks the key 'steps'", "add steps: [{wait: 1s}]"}}},
    {"AnEmptyListOfSteps", lab("  s: {steps: ^[]}\n"), {{"steps has 0 elements", "a list of at least 1"}}},
    {"AStepThatIsAWord", steps("^wait"), {{"an element of steps is 'wait'", "write KEY: VALUE pairs"}}},
    {"AStepWithoutAction",
     steps("^{at: 3s}"),
     {{"an element of steps has no action", "add one of kill, start, freeze"}}},
    {"AStepWithTwoActions",
     steps("{wait: 1s, ^crash: n1}"),
     {{"an element of steps has wait and crash", "keep one of them"}}},
    {"AMisspeltAction", steps("^frieze: {in: n2}"), {{"unknown key 'frieze'", "did you mean 'freeze'?"}}},
    {"AnUnknownAction",
     steps("^explode: n1"),
     {{"unknown key 'explode'", "the keys here are at, kill, start"}}},
    {"AKillOfNobody", steps("^kill: {process: lbd}"), {{"kill lacks the key 'in'", "add in: web-lb-1"}}},
    {"AMisspeltSignal",
     steps("kill: {in: n2, signal: ^TREM}, kill: {in: n2, signal: ^SIGKIL}"),
     {{"signal is 'TREM'", "did you mean TERM?"}, {"signal is 'SIGKIL'", "did you mean KILL?"}}},
    {"ASignalThatStops", steps("kill: {in: n2, signal: ^STOP}"), {{"signal is 'STOP'", "one of ABRT, ALRM"}}},
    {"ASignalsNumber", steps("kill: {in: n2, signal: ^9}"), {{"signal is '9'", "one of ABRT, ALRM"}}},
    {"AWaitWithoutUnit", steps("wait: ^3"), {{"wait is '3'", "or a range, as 1s..3s"}}},
    {"AWaitThatRunsBackwards",
     steps("wait: ^3s..1s"),
     {{"wait is '3s..1s'", "write the smaller first: 1s..3s"}}},
    {"AWaitWithOneEnd", steps("wait: ^1s.."), {{"wait is '1s..'", "or a range, as 1s..3s"}}},
    {"ACountWithAUnit",
     steps("scale: {service: web, pods: ^4s}"),
     {{"pods is '4s'", "a whole number from 0 to 10000, or a range, as 1..3"}}},
    {"ACountThatRunsBackwards",
     steps("scale: {service: web, pods: ^4..2}"),
     {{"pods is '4..2'", "write the smaller first: 2..4"}}},
    {"AScaleOfNothing",
     steps("^scale: {service: web}"),
     {{"scale has no count", "add pods, load-balancers"}}},
    {"ARepeatWithoutTimes",
     steps("^repeat: {steps: [wait: 1s]}"),
     {{"repeat lacks the key 'times'", "add times: 30"}}},
    {"TooManyTimes",
     steps("repeat: {times: ^10001, steps: [wait: 1s]}"),
     {{"times is '10001'", "from 1 to 10000"}}},
    {"AChoiceOfOne", steps("one-of: ^[wait: 1s]"), {{"one-of has 1 element", "a list of at least 2"}}},
    {"MistakesWithinARepeat",
     steps("repeat: {times: 2, steps: [{one-of: [{^wiat: 1s}, {crash: ^n3}]}]}"),
     {{"unknown key 'wiat'", "did you mean 'wait'?"}, {"no node or pod 'n3'", "did you mean 'n1'?"}}},
    {"AnImpairmentOfNothing",
     steps("^impair: {of: client}"),
     {{"impair has no impairment", "add delay, jitter, loss"}}},
    {"ALinkThatBecomesNothing",
     steps("^link: {of: client}"),
     {{"link lacks the key 'state'", "add state: down"}}},
    {"AnExpectationOfNothing",
     steps("^expect: {^within: 1s}"),
     {{"expect has no subject", "add one of route, sessions, real-servers"},
      {"within without route or sessions", "it goes with route, sessions"}}},
    {"AnExpectationOfTwoThings",
     expect("outage: {max: 1s}, ^requests: {}"),
     {{"expect has outage and requests", "keep one of them"}}},
    {"ARouteWithoutTime",
     expect("^route: 10.1.1.0/24, in: router, via: []"),
     {{"route without within or throughout or never", "add within: 1s"}}},
    {"ARouteWithTwoTimes",
     expect("route: 10.1.1.0/24, in: router, via: [], within: 1s, ^never: true"),
     {{"expect has within and never", "keep one of them"}}},
    {"ARouteNowhere",
     steps("^^expect: {route: 10.1.1.0/24, within: 1s}"),
     {{"expect lacks the key 'in'", "add in: router"}, {"expect lacks the key 'via'", "add via: node1"}}},
    {"AnOutageWithATime",
     expect("outage: {max: 1s}, ^within: 1s"),
     {{"within without route or sessions", "it goes with route, sessions, real-servers, event, order only"}}},
    {"AnEventThroughout",
     expect("event: {event: up}, ^throughout: true"),
     {{"throughout without route", "it goes with"}}},
    {"NeverFalse",
     expect("route: 10.1.1.0/24, in: router, via: [], never: ^false"),
     {{"never is 'false'", "write true"}}},
    {"ThroughoutFalse",
     expect("route: 10.1.1.0/24, in: router, via: [], throughout: ^false"),
     {{"throughout is 'false'", "true, or a duration from 1ms to 1h"}}},
    {"OnForIn",
     expect("route: 10.1.1.0/24, ^on: router, in: router, via: [], never: true"),
     {{"unknown key 'on'", "did you mean 'in'?"}}},
    {"AnOrderOfOneEvent",
     expect("order: ^[event: up]"),
     {{"order has 1 element", "of at least 2 of at most 64"}}},
    {"AnOutageWithoutLimit", expect("^outage: {}"), {{"outage has no limit", "add max, min, p99"}}},
    {"FlowsWithoutLimit", expect("^flows: {}"), {{"flows has no limit", "add lost, survive"}}},
    {"CountersWithoutLimit", expect("^counters: {}"), {{"counters has no limit", "add reverse-path-filter"}}},
    {"AMisspeltCounter",
     expect("counters: {^reverse-path-filters: 0}"),
     {{"unknown key 'reverse-path-filters'", "did you mean 'reverse-path-filter'?"}}},
    {"AShareInPercent",
     expect("requests: {answered: ^99%}"),
     {{"answered is '99%'", "from 0 to 1, as 0.99"}}},
    {"AShareAboveOne", expect("requests: {answered: ^99}"), {{"answered is '99'", "from 0 to 1"}}},
    {"AnUnknownWhole",
     expect("fairness: {over: ^nexthops}"),
     {{"over is 'nexthops'", "did you mean next-hops?"}}},
};

const std::vector<Mistaken> references{
    {"AHostThatIsNot",
     steps("{crash: ^n3}, {kill: {in: ^rotuer}}, {freeze: {in: ^nobody-at-all}}"),
     {{"there is no node or pod 'n3'", "did you mean 'n1'?"},
      {"there is no node or pod 'rotuer'", "did you mean 'router'?"},
      {"there is no node or pod 'nobody-at-all'", "or a pod's: SERVICE-1, SERVICE-lb-1"}}},
    {"APodThatIsNot",
     steps(
         "{delete: ^web-4}, {delete: ^web-lb-3}, {delete: ^app-2}, {delete: ^bare-lb-1}, {delete: ^web-01}"),
     {{"there is no pod 'web-4'", "service 'web' has web-1 to web-3"},
      {"there is no pod 'web-lb-3'", "service 'web' has web-lb-1 to web-lb-2"},
      {"there is no pod 'app-2'", "service 'app' has app-1 only"},
      {"there is no pod 'bare-lb-1'", "service 'bare' has none"},
      {"there is no pod 'web-01'", "web-1 to web-3"}}},
    {"APodThatNoScaleStepReaches",
     steps("{repeat: {times: 2, steps: [{scale: {service: web, pods: 4..6}}]}}, {delete: web-6}, {delete: "
           "^web-7}"),
     {{"there is no pod 'web-7'", "service 'web' has web-1 to web-6"}}},
    {"ANodeForAPod", steps("{delete: ^n1}, {crash: n1}, {crash: web-1}"), {{"'n1' is a node", "name a pod"}}},
    {"APodForANode", steps("{partition: ^web-1}"), {{"'web-1' is a web pod", "name a node"}}},
    {"AProcessThatIsNot",
     steps(
         "{kill: {process: ^exabpg, in: web-lb-1}}, {freeze: {process: ^lbd, in: web-1}}, {reload: {process: "
         "^gobgpd, in: rr}}, {kill: {process: iperf3, in: n2}}"),
     {{"no process 'exabpg' runs on 'web-lb-1'", "did you mean 'exabgp'?"},
      {"no process 'lbd' runs on 'web-1'", "there runs nginx"},
      {"no process 'gobgpd' runs on 'rr'", "there runs bird"}}},
    {"AHostWithoutProcesses",
     steps("{kill: {in: ^n1}}"),
     {{"no process runs on 'n1'", "name a host that has one"}}},
    {"AnInterfaceThatIsNot",
     steps("{link: {of: n1, interface: ^eth2, state: down}}, {flap: {of: web-1, interface: ^eth1}}, {flap: "
           "{of: "
           "^lone}}"),
     {{"'n1' has no interface 'eth2'", "it has eth0, eth1"},
      {"'web-1' has no interface 'eth1'", "it has eth0"},
      {"node 'lone' has no interface", "put it on a network"}}},
    {"APartitionWithoutNetworks",
     steps("{partition: ^lone}"),
     {{"node 'lone' is on no network", "link: {of: NODE"}}},
    {"AServiceThatIsNot",
     steps("{scale: {service: ^wed, pods: 2}}"),
     {{"there is no service 'wed'", "did you mean 'web'?"}}},
    {"AServiceWithoutLoadBalancers",
     steps("{scale: {service: ^bare, load-balancers: 1}}, {scale: {service: bare, pods: 2}}"),
     {{"service 'bare' has no load balancers", "add load-balancers: {} to it"}}},
    {"MoreLoadBalancersThanNodes",
     steps("{scale: {service: web, load-balancers: ^1..3}}"),
     {{"3 load balancers on 2 nodes", "write at most 2"}}},
    {"MorePodsThanFit",
     steps("{^scale: {service: web, pods: 600}}"),
     {{"no room for so many pods", "2 nodes of /24 hold 253 pods each"}}},
    {"MorePodsThanALabHas",
     steps("{^scale: {service: web, pods: 10000}}"),
     {{"more than 10000 pods", "scale to fewer"}}},
    {"AConnectionToItself",
     steps("{connect: {from: n1, to: ^n1}}"),
     {{"from and to are both 'n1'", "two different ones"}}},
    {"NextHopsThatAreNot",
     expect("route: 10.1.1.0/24, in: ^ruoter, via: [n1, ^n11, ^n1], within: 1s"),
     {{"no node or pod 'ruoter'", "did you mean 'router'?"},
      {"no node or pod 'n11'", "did you mean 'n1'?"},
      {"'n1' is given twice", "write each once"}}},
    {"AServiceAmongHosts",
     expect("route: 10.1.1.0/24, in: router, via: [n1, ^web], within: 1s"),
     {{"service 'web' among hosts", "write via: web alone"}}},
    {"AHostTwice",
     expect("sessions: [n1, ^n1], in: rr, within: 1s"),
     {{"'n1' is given twice", "write each once"}}},
    {"SessionsOfNoAgent",
     expect("sessions: [], in: ^client, within: 1s"),
     {{"no BGP agent runs on 'client'", "name a router with bgp"}}},
    {"RealServersOfNoLoadBalancer",
     expect("real-servers: [web-1], in: ^web-1, within: 1s"),
     {{"'web-1' is a web pod", "name a load-balancer pod"}}},
    {"RealServersThatAreNone",
     expect("real-servers: [^web-lb-1, ^app-1], in: web-lb-1, within: 1s"),
     {{"'web-lb-1' is a load-balancer pod", "name a web pod"},
      {"'app-1' is a pod of service 'app'", "'web-lb-1' balances service 'web'"}}},
    {"AnEventOfNobody",
     expect("event: {event: announce, host: ^web-lb-9}, within: 1s"),
     {{"there is no node or pod 'web-lb-9'", "web-lb-1 to web-lb-2"}}},
    {"AnyEvent", expect("^event: {}, never: true"), {{"any event", "add event: NAME"}}},
    {"TrafficWithoutClient",
     lab("  s: {traffic: {http: {from: ^n3, to: web}}, steps: [wait: 1s]}\n"),
     {{"there is no node 'n3'", "did you mean 'n1'?"}}},
    {"TrafficFromAPod", traffic("http: {from: ^web-1, to: web}"), {{"'web-1' is a web pod", "name a node"}}},
    {"TrafficToNoService",
     traffic("http: {to: ^n1}, flows: {to: ^bare}, udp: {to: ^webb}"),
     {{"there is no service 'n1'", "add it under services"},
      {"service 'bare' has no load balancers", "nobody answers"},
      {"there is no service 'webb'", "did you mean 'web'?"}}},
    {"TrafficWithoutClients",
     "name: t\nnodes: {a: {}, b: {}}\nscenarios: {s: {traffic: {^udp: {to: a}}, steps: [wait: 1s]}}\n",
     {{"udp has no from, and no node has the role client", "add from: NODE"}}},
    {"TrafficWithTwoClients",
     "name: t\nnodes: {a: {role: client}, b: {role: client}}\nscenarios: {s: {traffic: {^udp: {to: a}}, "
     "steps: "
     "[wait: 1s]}}\n",
     {{"udp has no from, and 2 nodes have the role client", "add from: NODE"}}},
    {"ANodeCalledAsAService",
     "name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\nnodes: {a: {role: client}, web: {role: node, "
     "interfaces: "
     "{net: 10.0.0.1}}}\noverlay: {}\nservices: {web: {addresses: 10.1.1.0/24}}\nscenarios: {s: {traffic: "
     "{udp: "
     "{to: ^web}}, steps: [expect: {route: 10.1.1.0/24, in: web, via: ^web, never: true}]}}\n",
     {{"'web' is a node and a service", "another name"}, {"'web' is a node and a service", "another name"}}},
    {"UdpToAServiceThatTakesNone",
     traffic("udp: {to: ^app}"),
     {{"service 'app' takes no UDP", "add udp: true to the service"}}},
    {"TrafficToItself", traffic("udp: {to: ^n1, from: n1}"), {{"both 'n1'", "two different ones"}}},
};

const std::vector<Mistaken> in_vain{
    {"ARecoveryFromNothing",
     steps("{recover: ^n1}, {crash: n1}, {recover: n1}, {delete: web-1}, {recover: web-1}"),
     {{"no step before it deletes or crashes 'n1'", "leave it out"}}},
    {"AHealingOfNothing", steps("{heal: ^n1}"), {{"no step before it partitions 'n1'", "leave it out"}}},
    {"AThawOfNothing",
     steps("{thaw: {in: ^n2}}"),
     {{"no step before it freezes what runs in 'n2'", "leave it out"}}},
    {"ARepairOfNothing",
     steps("{repair: {of: ^n2}}"),
     {{"no step before it impairs a link of 'n2'", "leave it out"}}},
    {"AStartOfWhatStartsByItself",
     steps("{kill: {in: n2}}, {start: {in: ^n2}}"),
     {{"no step before it kills with restart: never in 'n2'", "leave it out"}}},
    {"ATimeBeforeTheOneBefore",
     steps("{at: 3s, wait: 1s}, {at: ^2s, wait: 1s}"),
     {{"a step before it has a later time", "in the order of their times"}}},
    {"ATimeWithinARepeat",
     steps("{repeat: {times: 2, steps: [{^at: 3s, wait: 1s}]}}"),
     {{"at counts from the scenario's beginning", "outermost repeat"}}},
    {"AnOutageThatNobodyMeasures",
     lab("  s: {steps: [{expect: {^outage: {max: 1s}}}, {expect: {^requests: {}}}, {expect: {^flows: {lost: "
         "0}}}, "
         "{expect: {^flows-moved: {}}}, {expect: {^fairness: {}}}, {expect: {^source: {of: udp, is: "
         "web}}}]}\n"),
     {{"outage without udp traffic", "traffic: {udp: {to: …}}"},
      {"requests without http traffic", "http"},
      {"flows without flows traffic", "flows"},
      {"flows-moved without udp traffic", "udp"},
      {"fairness without http traffic", "http"},
      {"source without udp traffic", "udp"}}},
    {"ASourceOfNoConnection",
     steps("{expect: {source: {of: ^connect, is: n1}}}, {connect: {from: n1, to: n2}}"),
     {{"no step before it is a connect", "add before it connect"}}},
    {"AnOutageThatCannotBe", expect("outage: {min: ^2s, max: 1s}"), {{"min is more than max", "exchange"}}},
    {"MoreSurvivorsThanFlows", expect("flows: {survive: ^21}"), {{"21 of 20 flows", "let fewer survive"}}},
    {"FairnessThatNeverFails", expect("fairness: {p: ^0}"), {{"a p of 0 never fails", "as 1e-6"}}},
    {"ANestTooDeep",
     steps("repeat: {times: 1, steps: [repeat: {times: 1, steps: [one-of: [{wait: 1s}, {repeat: {times: 1, "
           "steps: [^repeat: {times: 1, steps: [wait: 1s]}]}}]]}]}"),
     {{"repeat more than 4 deep", "put its steps where it stands"}}},
    {"TooManySteps",
     lab("  ^s: {steps: [repeat: {times: 10000, steps: [{wait: 1s}, {one-of: [{wait: 1s}, {wait: 2s}]}, "
         "{wait: "
         "1s}]}]}\n"),
     {{"scenario 's' has more than 20000 steps", "repeat less"}}},
};

INSTANTIATE_TEST_SUITE_P(Shapes, ScenarioMistakes, testing::ValuesIn(shapes), story_of);
INSTANTIATE_TEST_SUITE_P(References, ScenarioMistakes, testing::ValuesIn(references), story_of);
INSTANTIATE_TEST_SUITE_P(InVain, ScenarioMistakes, testing::ValuesIn(in_vain), story_of);

}  // namespace
}  // namespace lblab::model
