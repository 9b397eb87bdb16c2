#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/bench/cpu.hpp"
#include "lab/bench/wire.hpp"
#include "lab/bench/wrk.hpp"

/// What was measured, as it was measured; what it comes to is summary.hpp's.
namespace lblab::bench {

/// One run of wrk, and what the kernel accounted meanwhile.
struct LoadRun {
  int round = 0;  // from 1
  WrkOutput wrk;
  CpuTime cpu;
  bool operator==(const LoadRun&) const = default;
};

/// One run of requests at a constant rate.
struct LatencyRun {
  int round = 0;
  std::size_t sent = 0, answered = 0;
  std::vector<double> latencies;  // s, from when a request was due; quantiles of those answered
  bool operator==(const LatencyRun&) const = default;
};

/// One connection of so many requests, seen where requests come to.
struct ByteRun {
  int round = 0;
  int requests = 0;
  WireCount out, in;  // what left the node, and what came to it
  bool operator==(const ByteRun&) const = default;
};

/// One boot of a guest that counts instructions.
struct CountRun {
  int round = 0;
  std::vector<double> instructions;  // a request; each from two runs of different length
  bool operator==(const CountRun&) const = default;
};

/// A measurement that came to nothing.
struct Lost {
  int round = 0;
  std::string what, why;  // what: "load", "latency", "bytes", "instructions"
  bool operator==(const Lost&) const = default;
};

struct Runs {
  std::vector<LoadRun> load = {};
  std::vector<LatencyRun> latency = {};
  std::vector<ByteRun> bytes = {};
  std::vector<CountRun> counts = {};
  std::vector<Lost> lost = {};
  bool operator==(const Runs&) const = default;
};

/// The kernel in which the labs were.
struct Machine {
  std::string kernel;      // uname -r
  std::string virtual_by;  // "TCG" where it was emulated in software, "KVM", or empty
  int cpus = 0;
  bool operator==(const Machine&) const = default;
};

struct Results {
  Machine machine;
  std::map<std::string, std::map<std::string, Runs>> benches;  // by bench, by variant
  bool operator==(const Results&) const = default;
};

/// What `more` has is added to `all`; the machine is that of `more`.
void merge(Results& all, Results more);

nlohmann::json to_json(const Results&);
/// Throws nlohmann::json::exception where it is none.
Results results_from(const nlohmann::json&);

/// A record of `lblab-probe http`. Throws std::runtime_error: no whole record.
LatencyRun latency_run(int round, std::string_view record);

}  // namespace lblab::bench
