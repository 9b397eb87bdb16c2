#include "lab/bench/results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/bench/statistics.hpp"
#include "lab/probe/record_file.hpp"

namespace lblab::bench {

using nlohmann::json;

namespace {

constexpr std::size_t kept_latencies = 401;

json to_json(const LoadRun& run) {
  return {
      {"round", run.round},
      {"requests", run.wrk.requests},
      {"seconds", run.wrk.seconds},
      {"errors", run.wrk.errors},
      {"latency", {{"p50", run.wrk.p50}, {"p75", run.wrk.p75}, {"p90", run.wrk.p90}, {"p99", run.wrk.p99}}},
      {"cpu",
       {{"user", run.cpu.user},
        {"system", run.cpu.system},
        {"interrupt", run.cpu.interrupt},
        {"idle", run.cpu.idle},
        {"stolen", run.cpu.stolen}}}};
}

LoadRun load_run_from(const json& from) {
  const json &latency = from.at("latency"), &cpu = from.at("cpu");
  return {.round = from.at("round"),
          .wrk = {.requests = from.at("requests"),
                  .seconds = from.at("seconds"),
                  .errors = from.at("errors"),
                  .p50 = latency.at("p50"),
                  .p75 = latency.at("p75"),
                  .p90 = latency.at("p90"),
                  .p99 = latency.at("p99")},
          .cpu = {.user = cpu.at("user"),
                  .system = cpu.at("system"),
                  .interrupt = cpu.at("interrupt"),
                  .idle = cpu.at("idle"),
                  .stolen = cpu.at("stolen")}};
}

json to_json(const LatencyRun& run) {
  return {{"round", run.round}, {"sent", run.sent}, {"answered", run.answered}, {"latencies", run.latencies}};
}

LatencyRun latency_run_from(const json& from) {
  return {.round = from.at("round"),
          .sent = from.at("sent"),
          .answered = from.at("answered"),
          .latencies = from.at("latencies")};
}

json to_json(const WireCount& count) {
  return {{"packets", count.packets}, {"payload", count.payload}, {"bytes", count.bytes}};
}

WireCount wire_count_from(const json& from) {
  return {.packets = from.at("packets"), .payload = from.at("payload"), .bytes = from.at("bytes")};
}

json to_json(const ByteRun& run) {
  return {
      {"round", run.round}, {"requests", run.requests}, {"out", to_json(run.out)}, {"in", to_json(run.in)}};
}

ByteRun byte_run_from(const json& from) {
  return {.round = from.at("round"),
          .requests = from.at("requests"),
          .out = wire_count_from(from.at("out")),
          .in = wire_count_from(from.at("in"))};
}

json to_json(const CountRun& run) { return {{"round", run.round}, {"instructions", run.instructions}}; }

CountRun count_run_from(const json& from) {
  return {.round = from.at("round"), .instructions = from.at("instructions")};
}

json to_json(const Lost& lost) { return {{"round", lost.round}, {"what", lost.what}, {"why", lost.why}}; }

Lost lost_from(const json& from) {
  return {.round = from.at("round"), .what = from.at("what"), .why = from.at("why")};
}

template <class Run>
json all_of(const std::vector<Run>& runs) {
  json out = json::array();
  for (const auto& run : runs) out.push_back(to_json(run));
  return out;
}

template <class Run>
void add(std::vector<Run>& to, const json& from, Run (*parse)(const json&)) {
  for (const auto& run : from) to.push_back(parse(run));
}

template <class Run>
void append(std::vector<Run>& to, std::vector<Run>&& from) {
  std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

void merge(Results& all, Results more) {
  all.machine = std::move(more.machine);
  for (auto& [bench, variants] : more.benches)
    for (auto& [variant, runs] : variants) {
      auto& to = all.benches[bench][variant];
      append(to.load, std::move(runs.load));
      append(to.latency, std::move(runs.latency));
      append(to.bytes, std::move(runs.bytes));
      append(to.counts, std::move(runs.counts));
      append(to.lost, std::move(runs.lost));
    }
}

json to_json(const Results& results) {
  json benches = json::object();
  for (const auto& [bench, variants] : results.benches)
    for (const auto& [variant, runs] : variants)
      benches[bench][variant] = {{"load", all_of(runs.load)},
                                 {"latency", all_of(runs.latency)},
                                 {"bytes", all_of(runs.bytes)},
                                 {"instructions", all_of(runs.counts)},
                                 {"lost", all_of(runs.lost)}};
  return {{"machine",
           {{"kernel", results.machine.kernel},
            {"virtual-by", results.machine.virtual_by},
            {"cpus", results.machine.cpus}}},
          {"benches", benches}};
}

Results results_from(const json& from) {
  const json& machine = from.at("machine");
  Results results{.machine = {.kernel = machine.at("kernel"),
                              .virtual_by = machine.at("virtual-by"),
                              .cpus = machine.at("cpus")},
                  .benches = {}};
  for (const auto& [bench, variants] : from.at("benches").items())
    for (const auto& [variant, runs] : variants.items()) {
      auto& at = results.benches[bench][variant];
      add(at.load, runs.at("load"), load_run_from);
      add(at.latency, runs.at("latency"), latency_run_from);
      add(at.bytes, runs.at("bytes"), byte_run_from);
      add(at.counts, runs.at("instructions"), count_run_from);
      add(at.lost, runs.at("lost"), lost_from);
    }
  return results;
}

LatencyRun latency_run(int round, std::string_view record) {
  LatencyRun run{.round = round};
  std::vector<double> latencies;
  for (const auto& request : probe::parse_requests(record, "the probe's record")) {
    if (request.end == probe::Request::End::unfinished) continue;  // sent just before the end
    ++run.sent;
    if (request.end != probe::Request::End::answered) continue;
    ++run.answered;
    latencies.push_back(std::chrono::duration<double>(request.ended - request.due).count());
  }
  run.latencies = quantiles(std::move(latencies), kept_latencies);
  return run;
}

}  // namespace lblab::bench
