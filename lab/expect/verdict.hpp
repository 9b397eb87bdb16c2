#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/model/diagnostic.hpp"

/// What came of a scenario, as data: reports are written from it, on whichever side of a guest they are
/// wanted. Times are seconds since the scenario began.
namespace lblab::expect {

enum class Outcome { passed, failed, inconclusive };

/// Of the two: failed, then inconclusive.
inline Outcome worse(Outcome a, Outcome b) {
  if (a == Outcome::failed || b == Outcome::failed) return Outcome::failed;
  return a == Outcome::passed ? b : a;
}

/// A step as it was carried out.
struct Done {
  double at = 0, took = 0;
  std::string text;  // "kill exabgp in web-lb-2 (KILL, never again)"
  model::Mark mark;
  bool is_fault = true;  // or an expectation, a wait
};

/// One expectation, judged once.
struct Finding {
  Outcome outcome = Outcome::failed;
  std::string expected;            // "router: 10.1.1.0/24 via node1, node3 within 1 s"
  std::string seen;                // "… after 0.213 s"; or what was there instead
  std::vector<std::string> story;  // what happened on the way, with times; the causes, as far as known
  double from = 0, to = 0;         // the window
  std::optional<double> measured;  // seconds or a count, for summaries over repeats
  std::string unit;                // of `measured`: "s", "flows", "requests", "p"
  double could_be_less = 0;        // how much of `measured` the machine itself may have added
  double jitter = 0;               // seconds: the machine's worst lateness in the window
  model::Mark mark;
};

/// All findings of one line of the file, where it was judged more than once.
struct Summary {
  Outcome outcome = Outcome::passed;
  std::string expected, unit;
  std::vector<double> values;  // as measured, in order
  double p50 = 0, p99 = 0, max = 0;
  std::string seen;             // where it was held against its limit
  std::optional<double> limit;  // in seconds, of its p99
  model::Mark mark;
};

/// A cause and its effect: "fault" → "session lost" → "withdrawn at the reflector" → "route changed" → "first
/// good packet".
struct CausalStep {
  std::string name;
  double at = 0;      // since the scenario began
  double after = 0;   // since the fault
  std::string where;  // host
};

struct Outage {
  std::string fault;  // the step's text
  double from = 0, to = 0;
  std::int64_t lost = 0;  // datagrams
  int flows = 0;          // that it hit
  std::vector<CausalStep> causes;
  model::Mark mark = {};  // the step's
};

/// What was drawn of the lab's life: (time, value).
struct Series {
  std::string name, unit;
  std::vector<std::pair<double, double>> points;
};

/// Something that happened, for the timeline. actor: a host, "scenario", a probe.
struct Moment {
  double at = 0;
  std::string actor, kind, text;
};

/// Connections, each with how it ended.
struct Ledger {
  int survived = 0, reset = 0, closed = 0, blackholed = 0, other_server = 0, refused = 0;
};

struct ScenarioVerdict {
  std::string file, name, about;
  std::uint64_t seed = 0;
  double seconds = 0;
  Outcome outcome = Outcome::passed;  // the worst: failed, then inconclusive
  std::vector<Done> steps;
  std::vector<Finding> findings;
  std::vector<Summary> summaries;
  std::vector<Outage> outages;
  std::optional<Ledger> ledger;
  std::vector<Series>
      series;  // "requests answered" 1/s, "requests failed" 1/s, "next hops of 10.1.1.0/24 in router", …
  std::vector<double> latencies;  // seconds, sorted: of all answered requests, from when they were due
  std::vector<Moment> moments;
  std::string trouble;  // the scenario could not be carried out: why; else empty
};

nlohmann::json to_json(const ScenarioVerdict&);
ScenarioVerdict scenario_verdict(const nlohmann::json&);  // throws nlohmann::json::exception

}  // namespace lblab::expect
