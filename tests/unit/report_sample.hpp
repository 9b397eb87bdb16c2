#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "lab/expect/verdict.hpp"

/// Verdicts to write reports of, of each kind that a lab gives.
namespace lblab::test {

using expect::Outcome;
using expect::ScenarioVerdict;

/// Numbers in [0, 1) that are the same everywhere (a distribution of the standard library need not be).
class Numbers {
 public:
  double next() { return static_cast<double>(engine_() - std::mt19937::min()) / 4294967296.0; }

 private:
  std::mt19937 engine_{7};
};

/// Answered and failed per second, once a second, at 200 due; dips after kills at 6 and 24, a freeze at 13.
inline void add_rates(ScenarioVerdict& v) {
  expect::Series answered{.name = "requests answered", .unit = "1/s", .points = {}};
  expect::Series failed{.name = "requests failed", .unit = "1/s", .points = {}};
  const auto failures = [](int t) {
    return t == 6 ? 7 : t == 13 ? 41 : t > 13 && t < 22 ? 66 : t == 22 ? 13 : t == 24 ? 9 : 0;
  };
  for (int t = 0; t < 32; ++t) {
    answered.points.emplace_back(t, 200 - failures(t));
    failed.points.emplace_back(t, failures(t));
  }
  v.series = {answered, failed};
}

inline void add_latencies(ScenarioVerdict& v) {
  Numbers numbers;
  for (int i = 0; i < 4000; ++i) v.latencies.push_back(0.0009 * std::exp(numbers.next() * 1.4));
  for (int i = 0; i < 120; ++i) v.latencies.push_back(0.02 + 1.03 * numbers.next());
  std::sort(v.latencies.begin(), v.latencies.end());
}

/// Three faults: a kill that is masked in time, a freeze that costs a hold time, and a kill that costs more
/// than was allowed.
inline ScenarioVerdict failover() {
  ScenarioVerdict v{.file = "topologies/failover.yaml",
                    .name = "failover",
                    .about =
                        "Load-balancer pods die, loudly and silently; the router drops their next hops, "
                        "and takes them again when they are back.",
                    .seed = 20240611,
                    .seconds = 32.417,
                    .outcome = Outcome::failed};
  v.steps = {
      {.at = 0.0,
       .took = 0,
       .text = "router: 10.1.1.0/24 via node1, node2, node3",
       .mark = {31, 5},
       .is_fault = false},
      {.at = 6.0, .took = 0.002, .text = "kill exabgp in web-lb-2 (KILL, never again)", .mark = {32, 5}},
      {.at = 7.0, .took = 0.3, .text = "wait 5 s", .mark = {35, 5}, .is_fault = false},
      {.at = 12.0, .took = 0.211, .text = "start exabgp in web-lb-2", .mark = {36, 5}},
      {.at = 13.0, .took = 0.001, .text = "freeze exabgp in web-lb-3", .mark = {38, 5}},
      {.at = 23.2, .took = 0.001, .text = "thaw exabgp in web-lb-3", .mark = {40, 5}},
      {.at = 24.5, .took = 0.004, .text = "crash node1", .mark = {42, 5}},
      {.at = 30.0, .took = 0.9, .text = "recover node1", .mark = {44, 5}}};
  v.findings = {
      {.outcome = Outcome::passed,
       .expected = "router: 10.1.1.0/24 via node1, node2, node3 throughout",
       .seen = "it was so from 0.000 s to 6.000 s",
       .from = 0,
       .to = 6.0,
       .mark = {31, 5}},
      {.outcome = Outcome::passed,
       .expected = "router: 10.1.1.0/24 via node1, node3 within 1 s",
       .seen = "after 0.213 s",
       .story = {"+0.009 s  rr: session with web-lb-2 lost",
                 "+0.213 s  router: 10.1.1.0/24 via node1, node3"},
       .from = 6.0,
       .to = 6.213,
       .measured = 0.213,
       .unit = "s",
       .jitter = 0.0011,
       .mark = {33, 5}},
      {.outcome = Outcome::passed,
       .expected = "a UDP flow is without answer for at most 500 ms",
       .seen = "at most 221 ms (flow 5, source port 40005)",
       .from = 6.0,
       .to = 12.0,
       .measured = 0.221,
       .unit = "s",
       .mark = {34, 5}},
      {.outcome = Outcome::passed,
       .expected = "router: 10.1.1.0/24 via node1, node2 within 12 s",
       .seen = "after 9.118 s",
       .from = 13.0,
       .to = 22.118,
       .measured = 9.118,
       .unit = "s",
       .mark = {39, 5}},
      {.outcome = Outcome::failed,
       .expected = "of the HTTP requests due, at most 20 fail",
       .seen = "582 of 2040 failed: 41 reset, 541 timed out",
       .story =
           {"+0.000 s  web-lb-3: exabgp gets STOP",
            "+0.002 s  client: request 2600 from port 41822 had no answer within 5 s, connected to web-lb-3",
            "+9.090 s  rr: session with web-lb-3 lost: hold timer expired",
            "+9.118 s  router: 10.1.1.0/24 via node1, node2",
            "likely: nothing withdraws the route of a frozen agent before its hold time of 9 s is over, and "
            "all "
            "582 went to node3 until then"},
       .from = 13.0,
       .to = 23.2,
       .measured = 582,
       .unit = "requests",
       .jitter = 0.0009,
       .mark = {41, 5}},
      {.outcome = Outcome::inconclusive,
       .expected = "router: 10.1.1.0/24 via node2, node3 within 100 ms",
       .seen = "after 0.139 s, while this machine was up to 87 ms late",
       .story = {"+0.111 s  rr: session with web-lb-1 lost",
                 "+0.139 s  router: 10.1.1.0/24 via node2, node3"},
       .from = 24.5,
       .to = 24.639,
       .measured = 0.139,
       .unit = "s",
       .jitter = 0.087,
       .mark = {43, 5}},
      {.outcome = Outcome::passed,
       .expected = "no packet is dropped by reverse-path filter, no conntrack insertion fails",
       .seen = "none",
       .from = 0,
       .to = 32.417,
       .mark = {46, 5}}};
  v.outages = {{.fault = "kill exabgp in web-lb-2 (KILL, never again)",
                .from = 6.0021,
                .to = 6.2232,
                .lost = 15,
                .flows = 3,
                .causes = {{"fault", 6.0, 0, "web-lb-2"},
                           {"session lost", 6.009, 0.009, "rr"},
                           {"withdrawn at the reflector", 6.0113, 0.0113, "rr"},
                           {"route changed", 6.213, 0.213, "router"},
                           {"first good packet", 6.2232, 0.2232, "client"}}},
               {.fault = "freeze exabgp in web-lb-3",
                .from = 13.0,
                .to = 22.1204,
                .lost = 611,
                .flows = 3,
                .causes = {{"fault", 13.0, 0, "web-lb-3"},
                           {"session lost", 22.09, 9.09, "rr"},
                           {"withdrawn at the reflector", 22.0912, 9.0912, "rr"},
                           {"route changed", 22.118, 9.118, "router"},
                           {"first good packet", 22.1204, 9.1204, "client"}}},
               {.fault = "crash node1",
                .from = 24.5021,
                .to = 24.6411,
                .lost = 9,
                .flows = 2,
                .causes = {{"fault", 24.5, 0, "node1"},
                           {"session lost", 24.611, 0.111, "rr"},
                           {"withdrawn at the reflector", 24.6118, 0.1118, "rr"},
                           {"route changed", 24.639, 0.139, "router"},
                           {"first good packet", 24.6411, 0.1411, "client"}}}};
  v.ledger = expect::Ledger{
      .survived = 13, .reset = 4, .closed = 0, .blackholed = 2, .other_server = 0, .refused = 1};
  add_rates(v);
  v.series.push_back(
      {.name = "next hops of 10.1.1.0/24 in router",
       .unit = "",
       .points = {
           {0, 3}, {6.213, 2}, {12.9, 3}, {22.118, 2}, {23.9, 3}, {24.639, 2}, {31.2, 3}, {32.417, 3}}});
  add_latencies(v);
  v.moments = {{6.0, "scenario", "fault", "kill exabgp in web-lb-2 (KILL, never again)"},
               {6.002, "web-lb-2", "process", "exabgp ended (killed by signal 9 (Killed))"},
               {6.009, "rr", "session", "session with web-lb-2 lost"},
               {6.0113, "rr", "path", "path 10.1.1.0/24 via node2 withdrawn"},
               {6.0131, "router", "path", "path 10.1.1.0/24 via node2 withdrawn"},
               {6.213, "router", "route", "10.1.1.0/24 via node1, node3"},
               {12.21, "web-lb-2", "process", "exabgp ready"},
               {12.84, "rr", "session", "session with web-lb-2 established"},
               {12.9, "router", "route", "10.1.1.0/24 via node1, node2, node3"},
               {13.0004, "web-lb-3", "process", "exabgp gets STOP"},
               {14.1, "probe http", "failed", "request timed out"},
               {14.6, "probe http", "failed", "request timed out"},
               {15.2, "probe http", "failed", "request timed out"},
               {22.09, "rr", "session", "session with web-lb-3 lost: hold timer expired"},
               {22.118, "router", "route", "10.1.1.0/24 via node1, node2"},
               {23.21, "web-lb-3", "process", "exabgp gets CONT"},
               {23.88, "rr", "session", "session with web-lb-3 established"},
               {23.9, "router", "route", "10.1.1.0/24 via node1, node2, node3"},
               {24.501, "node1", "carrier", "eth0's carrier down"},
               {24.502, "web-lb-1", "process", "exabgp ended (killed by signal 9 (Killed))"},
               {24.611, "rr", "session", "session with web-lb-1 lost"},
               {24.639, "router", "route", "10.1.1.0/24 via node2, node3"},
               {30.02, "node1", "carrier", "eth0's carrier up"},
               {31.2, "router", "route", "10.1.1.0/24 via node1, node2, node3"}};
  return v;
}

/// Thirty changes of the number of load balancers, as the papers' figure 4.15.
inline ScenarioVerdict repeats() {
  ScenarioVerdict v{.file = "topologies/figure-4-15.yaml",
                    .name = "figure-4-15",
                    .about = "Delay from a change in the number of load balancers to the router's FIB.",
                    .seed = 4,
                    .seconds = 61.5,
                    .outcome = Outcome::passed};
  expect::Summary summary{.outcome = Outcome::passed,
                          .expected = "router: 10.1.1.0/24 via web within 10 s",
                          .unit = "s",
                          .values = {},
                          .seen = "p99 977 ms, allowed 2 s",
                          .mark = {24, 9}};
  expect::Series hops{.name = "next hops of 10.1.1.0/24 in router", .unit = "", .points = {{0, 3}}};
  Numbers numbers;
  int have = 3;
  for (int i = 0; i < 30; ++i) {
    const double at = 1 + 2 * i;
    const double took = 0.21 + 0.9 * numbers.next() * numbers.next() + (i == 17 ? 0.41 : 0);
    have = 1 + (have + static_cast<int>(numbers.next() * 2)) % 3;
    v.steps.push_back({.at = at,
                       .took = 0.05,
                       .text = "scale web to " + std::to_string(have) + " load balancers",
                       .mark = {23, 9}});
    v.findings.push_back({.outcome = Outcome::passed,
                          .expected = summary.expected,
                          .seen = "after " + std::to_string(took).substr(0, 5) + " s",
                          .from = at,
                          .to = at + took,
                          .measured = took,
                          .unit = "s",
                          .mark = summary.mark});
    v.moments.push_back(
        {at + took, "router", "route", "10.1.1.0/24: " + std::to_string(have) + " next hops"});
    hops.points.emplace_back(at + took, have);
    summary.values.push_back(took);
  }
  auto sorted = summary.values;
  std::sort(sorted.begin(), sorted.end());
  summary.p50 = sorted[14];
  summary.p99 = summary.max = sorted.back();
  v.summaries = {summary};
  v.series = {hops};
  return v;
}

/// A machine so busy that nothing can be said.
inline ScenarioVerdict inconclusive() {
  ScenarioVerdict v{.file = "topologies/plain-flap.yaml",
                    .name = "flap",
                    .about = "",
                    .seed = 1,
                    .seconds = 3.2,
                    .outcome = Outcome::inconclusive};
  v.steps = {{.at = 1, .took = 0.7, .text = "r2:eth1 down and up, 3 times", .mark = {12, 5}}};
  v.findings = {{.outcome = Outcome::inconclusive,
                 .expected = "a UDP flow is without answer for at most 300 ms",
                 .seen = "at most 412 ms",
                 .story = {},
                 .from = 1,
                 .to = 2.7,
                 .measured = 0.412,
                 .unit = "s",
                 .jitter = 0.213,
                 .mark = {13, 5}}};
  return v;
}

inline ScenarioVerdict troubled() {
  return {.file = "topologies/failover.yaml",
          .name = "never-begun",
          .seed = 3,
          .outcome = Outcome::failed,
          .trouble = "start exabgp in web-lb-1: not ready within 60 s"};
}

/// Texts that would break what is careless with them.
inline ScenarioVerdict hostile() {
  const std::string nasty =
      "<script>alert(\"1\")</script> & 'ünïcode' → ✓ ]]> \x1b[31mred\x07 \xff\xfe broken \xed\xa0\x80";
  ScenarioVerdict v{.file = "a<b>&\"c\".yaml",
                    .name = nasty,
                    .about = nasty + "\nsecond line",
                    .seed = 18446744073709551615U,
                    .seconds = 1,
                    .outcome = Outcome::failed};
  v.steps = {{.at = 0.1, .took = 0, .text = nasty, .mark = {1, 1}}};
  v.findings = {
      {.outcome = Outcome::failed,
       .expected = nasty,
       .seen = nasty,
       .story = {nasty, "--> <!-- -- <![CDATA["},
       .from = 0,
       .to = 1,
       .unit = nasty,
       .mark = {2, 1}},
      {.outcome = Outcome::inconclusive, .expected = nasty, .seen = nasty, .jitter = 1, .mark = {2, 1}}};
  v.summaries = {{.outcome = Outcome::failed,
                  .expected = nasty,
                  .unit = nasty,
                  .values = {1, 2, 3},
                  .p50 = 2,
                  .p99 = 3,
                  .max = 3,
                  .seen = nasty,
                  .mark = {2, 1}}};
  v.outages = {
      {.fault = nasty, .from = 0.2, .to = 0.3, .lost = 1, .flows = 1, .causes = {{nasty, 0.2, 0.1, nasty}}}};
  v.series = {{.name = nasty, .unit = nasty, .points = {{0, 1}, {1, 2}}}};
  v.moments = {{0.5, nasty, nasty, nasty}};
  v.trouble = nasty;
  return v;
}

/// One of everything, and one point in each.
inline ScenarioVerdict single() {
  ScenarioVerdict v{
      .file = "one.yaml", .name = "single", .seed = 0, .seconds = 0, .outcome = Outcome::passed};
  v.steps = {{.at = 0, .took = 0, .text = "crash node1", .mark = {}}};
  v.findings = {{.outcome = Outcome::passed, .expected = "no route", .seen = "", .mark = {}}};
  v.summaries = {{.outcome = Outcome::passed,
                  .expected = "no route",
                  .unit = "s",
                  .values = {0.5},
                  .p50 = 0.5,
                  .p99 = 0.5,
                  .max = 0.5,
                  .mark = {}}};
  v.outages = {{.fault = "crash node1",
                .from = 0,
                .to = 0,
                .lost = 1,
                .flows = 1,
                .causes = {{"fault", 0, 0, "node1"}}}};
  v.series = {{"requests answered", "1/s", {{0, 0}}},
              {"requests failed", "1/s", {}},
              {"next hops of 10.1.1.0/24 in router", "", {{0, 1}}},
              {"nothing", "", {}}};
  v.latencies = {0.001};
  v.moments = {{0, "node1", "", ""}};
  return v;
}

/// Numbers that no measurement should give.
inline ScenarioVerdict impossible() {
  constexpr double inf = std::numeric_limits<double>::infinity(),
                   nan = std::numeric_limits<double>::quiet_NaN();
  ScenarioVerdict v{
      .file = "huge.yaml", .name = "impossible", .seed = 0, .seconds = nan, .outcome = Outcome::passed};
  v.steps = {{.at = -3, .took = nan, .text = "crash node1", .mark = {}},
             {.at = 1e300, .took = inf, .text = "crash node2", .mark = {}}};
  v.findings = {{.outcome = Outcome::passed,
                 .expected = "no route",
                 .seen = "",
                 .from = nan,
                 .to = inf,
                 .measured = nan,
                 .jitter = inf,
                 .mark = {}}};
  v.summaries = {{.outcome = Outcome::passed,
                  .expected = "no route",
                  .unit = "s",
                  .values = {nan, -inf, 0, 1e300, 1e-300, -5},
                  .p50 = nan,
                  .p99 = inf,
                  .max = 1e300,
                  .mark = {}}};
  v.outages = {{.fault = "crash node1",
                .from = nan,
                .to = inf,
                .lost = std::numeric_limits<std::int64_t>::max(),
                .flows = 1,
                .causes = {{"fault", nan, inf, "node1"}}},
               {.fault = "crash node2", .from = 0, .to = 1e300, .lost = 0, .flows = 1, .causes = {}}};
  v.series = {{"requests answered", "1/s", {{nan, 1}, {1, inf}, {2, 1e300}, {3, -1e300}}},
              {"next hops of x in y", "", {{0, nan}}}};
  v.latencies = {-1, 0, 0.001, 1e300, inf, nan};
  v.moments = {{nan, "node1", "link", "up"}, {inf, "node2", "link", "up"}};
  return v;
}

}  // namespace lblab::test
