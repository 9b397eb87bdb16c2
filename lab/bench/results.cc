#include "lab/bench/results.hpp"

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

}  // namespace

json to_json(const Results& results) {
  json benches = json::object();
  for (const auto& [bench, variants] : results.benches)
    for (const auto& [variant, runs] : variants) {
      json& at = benches[bench][variant] = {{"load", json::array()}, {"latency", json::array()}};
      for (const auto& run : runs.load) at["load"].push_back(to_json(run));
      for (const auto& run : runs.latency) at["latency"].push_back(to_json(run));
    }
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
      for (const auto& run : runs.at("load")) at.load.push_back(load_run_from(run));
      for (const auto& run : runs.at("latency")) at.latency.push_back(latency_run_from(run));
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
