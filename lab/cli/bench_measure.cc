#include "lab/cli/bench_measure.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "lab/bench/summary.hpp"
#include "lab/cli/bench_capture.hpp"
#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/standing_lab.hpp"
#include "lab/cli/standing_labs.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace {

using model::Bench;
using Measure = Bench::Measure;

constexpr const char* record_path = "/run/bench-latency.jsonl";

bench::Machine this_machine() {
  utsname name{};
  sys::check("name the kernel", ::uname(&name));
  const bool emulated = sys::read_file("/proc/cpuinfo").find("QEMU TCG") != std::string::npos;
  return {.kernel = name.release,
          .virtual_by = emulated ? "TCG" : "",
          .cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))};
}

bench::CpuTime cpu_now() {
  const auto read = bench::parse_cpu(sys::read_file("/proc/stat"), ::sysconf(_SC_CLK_TCK));
  if (!read) throw Failure{lab_fault, "/proc/stat has no line of all CPUs"};
  return *read;
}

std::chrono::seconds whole(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

/// Of a command that failed.
std::string said(const Output& output) {
  constexpr int timed_out = 124;  // timeout(1)
  return output.code == timed_out ? "it did not end in time" : output.out + output.err;
}

std::string probe_program() {
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename("lblab-probe");
}

/// "lblab-probe requests", asking whom the variant asks; its event.
nlohmann::json ask_in_turn(const bench::Variant& variant, std::vector<std::string> more) {
  std::vector<std::string> argv{probe_program(),       "requests", "--to",
                                variant.address.str(), "--port",   std::to_string(variant.port)};
  argv.insert(argv.end(), more.begin(), more.end());
  const auto asked = run_in(variant.lab, variant.client, argv);
  if (asked.code != 0)
    throw Failure{lab_fault, fmt::format("requests from {}: {}", variant.client, said(asked))};
  return nlohmann::json::parse(asked.out);
}

/// One bench: its labs stand side by side, so that the runs of a round are as close in time as they can be.
/// What fails in one variant is noted, and the others go on.
class Session {
 public:
  Session(const Bench& bench, const bench::Matrix& matrix, StandingLabs& labs, const Progress& progress)
      : bench_(bench), labs_(labs), progress_(progress), variants_(matrix.variants) {}

  std::map<std::string, bench::Runs> run() {
    const auto failed = labs_.bring_up(bench_.name, variants_);
    for (const auto& variant : variants_)
      if (const auto error = failed.find(variant.lab); error != failed.end()) {
        lose(variant, error->second);
      } else {
        warm_up(variant);
        standing_.push_back(&variant);
      }
    for (int round = 1; round <= bench_.rounds; ++round) measure_all(round);
    return std::move(runs_);
  }

 private:
  bool measures(auto... any) const {
    return std::ranges::any_of(bench_.measures, [=](Measure measure) { return ((measure == any) || ...); });
  }

  /// A lab that cannot be brought up is lost in all rounds.
  void lose(const bench::Variant& variant, const std::string& why) {
    tell(variant, why);
    for (int round = 1; round <= bench_.rounds; ++round)
      for (const char* what : kinds_of_runs()) lose(variant, round, what, why);
  }

  /// What does not answer yet may do so in the first round.
  void warm_up(const bench::Variant& variant) {
    try {
      progress_(fmt::format("{}: warming up {}", bench_.name, variant.point.name));
      load(variant, whole(bench_.load.warm));
    } catch (const std::exception& error) {
      tell(variant, error.what());
    }
  }

  std::vector<const char*> kinds_of_runs() const {
    std::vector<const char*> all;
    if (measures(Measure::throughput, Measure::cpu)) all.push_back("load");
    if (measures(Measure::latency)) all.push_back(bench::word(Measure::latency));
    if (measures(Measure::bytes)) all.push_back(bench::word(Measure::bytes));
    return all;
  }

  void lose(const bench::Variant& variant, int round, const char* what, std::string why) {
    std::ranges::replace(why, '\n', ' ');
    runs_[variant.point.name].lost.push_back({.round = round, .what = what, .why = std::move(why)});
  }

  /// In another order each round, the same in each bench of so many rounds: what follows what, and how far
  /// from the baseline, is left to no rule.
  void measure_all(int round) {
    auto order = standing_;
    std::shuffle(order.begin(), order.end(), std::mt19937{static_cast<unsigned>(round)});
    for (const auto* variant : order) {
      auto& runs = runs_[variant->point.name];
      for (const std::string what : kinds_of_runs()) try {
          if (what == "load") runs.load.push_back(load_once(*variant, round));
          if (what == "latency") runs.latency.push_back(latency_once(*variant, round));
          if (what == "bytes") runs.bytes.push_back(bytes_once(*variant, round));
        } catch (const std::exception& error) {
          tell(*variant, round, fmt::format("not measured: {}", error.what()));
          lose(*variant, round, what.c_str(), error.what());
        }
    }
  }

  bench::LoadRun load_once(const bench::Variant& variant, int round) {
    const auto before = cpu_now();
    const auto wrk = load(variant, whole(bench_.load.time));
    const auto cpu = cpu_now() - before;
    tell(variant, round,
         fmt::format("{:.0f} requests/s{}", wrk.rate(),
                     wrk.errors ? fmt::format(", {} failed", wrk.errors) : ""));
    return {.round = round, .wrk = wrk, .cpu = cpu};
  }

  bench::WrkOutput load(const bench::Variant& variant, std::chrono::seconds time) {
    // It waits as long as TCP does for its first connection, before its own time begins.
    constexpr std::chrono::seconds grace{10};
    std::vector<std::string> argv{"timeout", std::to_string((2 * time + grace).count())};
    std::ranges::copy(
        bench::wrk_command(
            {.connections = bench_.load.connections, .threads = bench_.load.threads, .time = time},
            variant.url()),
        std::back_inserter(argv));
    const auto output = run_in(variant.lab, variant.client, argv);
    const auto parsed = bench::parse_wrk(output.out);
    if (output.code != 0 || !parsed)
      throw Failure{lab_fault, fmt::format("wrk in {}: {}", variant.client, said(output))};
    if (parsed->requests == 0) throw Failure{lab_fault, fmt::format("nobody answers {}", variant.url())};
    return *parsed;
  }

  bench::LatencyRun latency_once(const bench::Variant& variant, int round) {
    const auto sent = run_in(
        variant.lab, variant.client,
        {"timeout", "--preserve-status", "--signal", "TERM", std::to_string(whole(bench_.load.time).count()),
         probe_program(), "http", "--to", variant.address.str(), "--port", std::to_string(variant.port),
         "--rate", std::to_string(bench_.load.rate), "--record", record_path});
    if (sent.code != 0)
      throw Failure{lab_fault, fmt::format("the probe in {}: {}", variant.client, said(sent))};
    auto run = bench::latency_run(round, run_in(variant.lab, variant.client, {"cat", record_path}).out);
    if (run.answered == 0) throw Failure{lab_fault, fmt::format("nobody answers {}", variant.url())};
    tell(variant, round,
         fmt::format("{} of {} answered, half of them within {:.2f} ms", run.answered, run.sent,
                     run.latencies[run.latencies.size() / 2] * 1e3));
    return run;
  }

  bench::ByteRun bytes_once(const bench::Variant& variant, int round) {
    const BenchCapture capture(sys::Netns::open("/run/netns/" + variant.lab + "." + variant.entry), "eth0");
    ask_in_turn(variant, {"--count", std::to_string(bench::requests_captured)});
    const auto [out, in] = capture.count(variant.port);
    const bench::ByteRun run{.round = round, .requests = bench::requests_captured, .out = out, .in = in};
    tell(variant, round,
         fmt::format("{} bytes a request left {} in {} packets for {} requests", out.bytes / run.requests,
                     variant.entry, out.packets, run.requests));
    return run;
  }

  void tell(const bench::Variant& variant, int round, const std::string& what) {
    tell(variant, fmt::format("round {} of {}: {}", round, bench_.rounds, what));
  }
  void tell(const bench::Variant& variant, const std::string& what) {
    progress_(fmt::format("{}: {}: {}", bench_.name, variant.point.name, what));
  }

  const Bench& bench_;
  StandingLabs& labs_;
  const Progress& progress_;
  const std::vector<bench::Variant> variants_;
  std::vector<const bench::Variant*> standing_;
  std::map<std::string, bench::Runs> runs_;
};

/// Busy time is instructions where QEMU counts them; of the difference of two runs, what both have falls out.
std::vector<double> instructions(const nlohmann::json& event) {
  const auto [few, many] = bench::requests_counted;
  std::vector<double> out;
  double before = 0;
  for (const auto& run : event.at("runs")) {
    const auto busy = run.at("busy-ns").get<double>();
    if (run.at("requests") == many) out.push_back((busy - before) / (many - few));
    before = busy;
  }
  return out;
}

}  // namespace

bench::Results measure(const Topology& topology, const std::string& file,
                       const std::vector<std::string>& benches) {
  const Progress progress;
  StandingLabs labs(file, progress);
  bench::Results results{.machine = this_machine(), .benches = {}};
  for (const auto& bench : topology.cluster.benches)
    if (std::ranges::find(benches, bench.name) != benches.end())
      results.benches[bench.name] =
          Session{bench, bench::matrix(topology.text, topology.cluster, bench), labs, progress}.run();
  progress("ending the labs");
  return results;
}

bench::Results count_instructions(const std::string& file, const std::string& bench,
                                  const bench::Variant& variant, int round) {
  const Progress progress;
  const StandingLab lab(topology_of(variant.text), file, progress);
  progress(fmt::format("{}: counting", variant.point.name));
  const auto [few, many] = bench::requests_counted;
  ask_in_turn(variant, {"--count", std::to_string(many)});  // neighbours, caches and code are there then
  const auto event = ask_in_turn(variant, {"--busy", "--times", std::to_string(bench::counts_a_boot),
                                           "--count", std::to_string(few), "--count", std::to_string(many)});
  bench::Results results{.machine = this_machine(), .benches = {}};
  results.benches[bench][variant.point.name].counts.push_back(
      {.round = round, .instructions = instructions(event)});
  return results;
}

}  // namespace lblab::cli
