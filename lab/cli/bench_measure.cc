#include "lab/cli/bench_measure.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>

#include "lab/bench/matrix.hpp"
#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/standing_lab.hpp"
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

/// One bench: its labs stand side by side, because bringing one up takes longer than loading it, and so that
/// the runs of a round are as close in time as they can be.
class Session {
 public:
  Session(const Bench& bench, bench::Matrix matrix, std::string file, const Progress& progress)
      : bench_(bench), matrix_(std::move(matrix)), file_(std::move(file)), progress_(progress) {}

  std::map<std::string, bench::Runs> run() {
    for (const auto& variant : matrix_.variants) {
      progress_(fmt::format("{}: {} ({} of {})", bench_.name, variant.point.name, labs_.size() + 1,
                            matrix_.variants.size()));
      labs_.push_back(std::make_unique<StandingLab>(topology_of(variant.text), file_, progress_));
    }
    for (const auto& variant : matrix_.variants) warm(variant);
    for (int round = 1; round <= bench_.rounds; ++round) load_all(round);
    progress_(fmt::format("{}: ending its labs", bench_.name));
    labs_.clear();
    return std::move(runs_);
  }

 private:
  bool measures_load() const {
    return std::ranges::any_of(bench_.measures, [](Measure measure) { return measure != Measure::latency; });
  }
  bool measures_latency() const {
    return std::ranges::find(bench_.measures, Measure::latency) != bench_.measures.end();
  }

  void warm(const bench::Variant& variant) {
    progress_(fmt::format("{}: warming up {}", bench_.name, variant.point.name));
    load(variant, whole(bench_.load.warm));
  }

  /// In another order each round, the same in each bench of so many rounds: what follows what, and how far
  /// from the baseline, is left to no rule.
  void load_all(int round) {
    std::vector<std::size_t> order(matrix_.variants.size());
    for (std::size_t n = 0; n < order.size(); ++n) order[n] = n;
    std::shuffle(order.begin(), order.end(), std::mt19937{static_cast<unsigned>(round)});
    for (const auto n : order) {
      const auto& variant = matrix_.variants[n];
      auto& runs = runs_[variant.point.name];
      if (measures_load()) runs.load.push_back(load_once(variant, round));
      if (measures_latency()) runs.latency.push_back(latency_once(variant, round));
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
    const auto argv = bench::wrk_command(
        {.connections = bench_.load.connections, .threads = bench_.load.threads, .time = time},
        variant.url());
    const auto output = run_in(variant.lab, variant.client, argv);
    const auto parsed = bench::parse_wrk(output.out);
    if (output.code != 0 || !parsed)
      throw Failure{lab_fault, fmt::format("wrk in {} of variant {}: {}{}", variant.client,
                                           variant.point.name, output.out, output.err)};
    if (parsed->requests == 0)
      throw Failure{lab_fault,
                    fmt::format("variant {}: nobody answers {}", variant.point.name, variant.url())};
    return *parsed;
  }

  bench::LatencyRun latency_once(const bench::Variant& variant, int round) {
    const auto probe = std::filesystem::read_symlink("/proc/self/exe").replace_filename("lblab-probe");
    const auto sent = run_in(
        variant.lab, variant.client,
        {"timeout", "--preserve-status", "--signal", "TERM", std::to_string(whole(bench_.load.time).count()),
         probe, "http", "--to", variant.address.str(), "--port", std::to_string(variant.port), "--rate",
         std::to_string(bench_.load.rate), "--record", record_path});
    if (sent.code != 0)
      throw Failure{lab_fault, fmt::format("the probe in {} of variant {}: {}{}", variant.client,
                                           variant.point.name, sent.out, sent.err)};
    auto run = bench::latency_run(round, run_in(variant.lab, variant.client, {"cat", record_path}).out);
    if (run.answered == 0)
      throw Failure{lab_fault,
                    fmt::format("variant {}: nobody answers {}", variant.point.name, variant.url())};
    tell(variant, round,
         fmt::format("{} of {} answered, half of them within {:.2f} ms", run.answered, run.sent,
                     run.latencies[run.latencies.size() / 2] * 1e3));
    return run;
  }

  void tell(const bench::Variant& variant, int round, const std::string& what) {
    progress_(fmt::format("{}: round {} of {}: {}: {}", bench_.name, round, bench_.rounds, variant.point.name,
                          what));
  }

  const Bench& bench_;
  const bench::Matrix matrix_;
  const std::string file_;
  const Progress& progress_;
  std::map<std::string, bench::Runs> runs_;
  std::vector<std::unique_ptr<StandingLab>> labs_;
};

}  // namespace

bench::Results measure(const Topology& topology, const std::string& file,
                       const std::vector<std::string>& benches) {
  const Progress progress;
  bench::Results results{.machine = this_machine(), .benches = {}};
  for (const auto& bench : topology.cluster.benches)
    if (std::ranges::find(benches, bench.name) != benches.end())
      results.benches[bench.name] =
          Session{bench, bench::matrix(topology.text, topology.cluster, bench), file, progress}.run();
  return results;
}

}  // namespace lblab::cli
