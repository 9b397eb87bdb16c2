#include <nlohmann/json.hpp>

#include "lab/expect/rounds.hpp"

namespace lblab::model {

using nlohmann::json;

static void to_json(json& to, const Mark& mark) { to = {{"line", mark.line}, {"column", mark.column}}; }
static void from_json(const json& from, Mark& mark) {
  from.at("line").get_to(mark.line);
  from.at("column").get_to(mark.column);
}

}  // namespace lblab::model

namespace lblab::expect {

using nlohmann::json;

NLOHMANN_JSON_SERIALIZE_ENUM(Outcome, {{Outcome::passed, "passed"},
                                       {Outcome::failed, "failed"},
                                       {Outcome::inconclusive, "inconclusive"}})

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Done, at, took, text, mark, is_fault)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CausalStep, name, at, after, where)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Outage, fault, from, to, lost, flows, causes, mark)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Series, name, unit, points)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Moment, at, actor, kind, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Ledger, survived, reset, closed, blackholed, other_server, refused)

static void to_json(json& to, const Finding& f) {
  to = {{"outcome", f.outcome}, {"expected", f.expected}, {"seen", f.seen},
        {"story", f.story},     {"from", f.from},         {"to", f.to},
        {"unit", f.unit},       {"jitter", f.jitter},     {"could_be_less", f.could_be_less},
        {"mark", f.mark}};
  if (f.measured) to["measured"] = *f.measured;
}

static void from_json(const json& from, Finding& f) {
  from.at("outcome").get_to(f.outcome);
  from.at("expected").get_to(f.expected);
  from.at("seen").get_to(f.seen);
  from.at("story").get_to(f.story);
  from.at("from").get_to(f.from);
  from.at("to").get_to(f.to);
  from.at("unit").get_to(f.unit);
  from.at("jitter").get_to(f.jitter);
  from.at("could_be_less").get_to(f.could_be_less);
  from.at("mark").get_to(f.mark);
  if (from.contains("measured")) f.measured = from["measured"].get<double>();
}

static void to_json(json& to, const Summary& s) {
  to = {{"outcome", s.outcome}, {"expected", s.expected}, {"unit", s.unit},
        {"values", s.values},   {"p50", s.p50},           {"p99", s.p99},
        {"max", s.max},         {"seen", s.seen},         {"mark", s.mark}};
  if (s.limit) to["limit"] = *s.limit;
}

static void from_json(const json& from, Summary& s) {
  from.at("outcome").get_to(s.outcome);
  from.at("expected").get_to(s.expected);
  from.at("unit").get_to(s.unit);
  from.at("values").get_to(s.values);
  from.at("p50").get_to(s.p50);
  from.at("p99").get_to(s.p99);
  from.at("max").get_to(s.max);
  from.at("seen").get_to(s.seen);
  from.at("mark").get_to(s.mark);
  if (from.contains("limit")) s.limit = from["limit"].get<double>();
}

json to_json(const ScenarioVerdict& v) {
  json all{{"file", v.file},       {"name", v.name},         {"about", v.about},
           {"seed", v.seed},       {"seconds", v.seconds},   {"outcome", v.outcome},
           {"steps", v.steps},     {"findings", v.findings}, {"summaries", v.summaries},
           {"outages", v.outages}, {"series", v.series},     {"latencies", v.latencies},
           {"moments", v.moments}, {"trouble", v.trouble}};
  if (v.ledger) all["ledger"] = *v.ledger;
  return all;
}

json to_json(const Rounds& r) {
  return {{"file", r.file},         {"name", r.name},       {"rounds", r.all()},
          {"passed", r.passed},     {"failed", r.failed},   {"inconclusive", r.inconclusive},
          {"troubled", r.troubled}, {"outcome", r.outcome}, {"summaries", r.summaries},
          {"outages", r.outages},   {"delays", r.delays}};
}

ScenarioVerdict scenario_verdict(const json& from) {
  ScenarioVerdict v;
  from.at("file").get_to(v.file);
  from.at("name").get_to(v.name);
  from.at("about").get_to(v.about);
  from.at("seed").get_to(v.seed);
  from.at("seconds").get_to(v.seconds);
  from.at("outcome").get_to(v.outcome);
  from.at("steps").get_to(v.steps);
  from.at("findings").get_to(v.findings);
  from.at("summaries").get_to(v.summaries);
  from.at("outages").get_to(v.outages);
  from.at("series").get_to(v.series);
  from.at("latencies").get_to(v.latencies);
  from.at("moments").get_to(v.moments);
  from.at("trouble").get_to(v.trouble);
  if (from.contains("ledger")) v.ledger = from["ledger"].get<Ledger>();
  return v;
}

}  // namespace lblab::expect
