#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/bench/matrix.hpp"
#include "lab/bench/write.hpp"
#include "lab/cli/bench_measure.hpp"
#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/where.hpp"
#include "lab/guest/run.hpp"
#include "lab/plan/needs.hpp"
#include "lab/report/gnuplot.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* measured_file = "measured.json";  // what the guest hands to the host

struct Options {
  std::string file, out, kernel = "auto";
  std::vector<std::string> benches;
};

/// The benches of the file that were asked for; all of them if none was.
std::vector<std::string> chosen(const Topology& topology, const Options& options) {
  std::vector<std::string> all;
  for (const auto& bench : topology.cluster.benches) all.push_back(bench.name);
  if (all.empty())
    throw Failure{bad_input, options.file + " has no bench: docs/topology.md says how to write one"};
  for (const auto& name : options.benches)
    if (std::ranges::find(all, name) == all.end())
      throw Failure{bad_input,
                    fmt::format("{} has no bench {}; it has {}", options.file, name, fmt::join(all, ", "))};
  return options.benches.empty() ? all : options.benches;
}

/// What the labs of the benches need of the machine.
struct Demand {
  std::set<std::string> features{"program:wrk"};
  std::size_t processes = 0;  // at once
};

Demand demand(const Topology& topology, const std::vector<std::string>& names, const std::string& file) {
  Demand all;
  model::Diagnostics mistakes;
  for (const auto& bench : topology.cluster.benches) {
    if (std::ranges::find(names, bench.name) == names.end()) continue;
    const auto matrix = bench::matrix(topology.text, topology.cluster, bench);
    mistakes.insert(mistakes.end(), matrix.diagnostics.begin(), matrix.diagnostics.end());
    std::size_t processes = 0;
    for (const auto& variant : matrix.variants) {
      const auto plan = topology_of(variant.text).plan;
      all.features.merge(plan::needs(plan));
      processes += static_cast<std::size_t>(std::ranges::count_if(
          plan, [](const auto& op) { return std::holds_alternative<plan::Spawn>(op); }));
    }
    all.processes = std::max(all.processes, processes);
    if (std::ranges::find(bench.measures, model::Bench::Measure::latency) != bench.measures.end())
      all.features.insert("program:lblab-probe");
  }
  for (const auto& mistake : mistakes) fmt::print(stderr, "{}: {}; {}\n", file, mistake.wrong, mistake.right);
  if (!mistakes.empty())
    throw Failure{bad_input, fmt::format("{} has variants that cannot be; nothing was made", file)};
  return all;
}

/// Ourselves, in one guest for all labs: there, they are in the machine's own kernel.
bench::Results measure_in_guest(const Options& options, const std::vector<std::string>& names,
                                const Demand& demand) {
  constexpr std::size_t base_mib = 768, process_mib = 40;
  const fs::path program = fs::read_symlink("/proc/self/exe"), file = fs::absolute(options.file),
                 out = fs::canonical(options.out);
  guest::Job job;
  job.argv = {program, "bench", file, "--kernel", "host", "--measured", out / measured_file};
  for (const auto& name : names) job.argv.insert(job.argv.end(), {"--only", name});
  job.environment = guest::job_environment();
  job.visible = {file.parent_path(), program.parent_path()};
  job.shared = {out};
  job.memory_mib = static_cast<int>(base_mib + process_mib * demand.processes);
  job.progress = [](const std::string& line) { fmt::print("{}\n", line); };
  const int code = guest::run_and_wait(std::move(job), {}).code();
  if (code != 0) throw Failure{code, "the bench in the guest did not end well"};
  const auto text = sys::read_file(out / measured_file);
  fs::remove(out / measured_file);
  auto results = bench::results_from(nlohmann::json::parse(text));
  if (results.machine.virtual_by.empty()) results.machine.virtual_by = "KVM";
  return results;
}

int run_bench(Options options, const std::string& measured) {
  const Topology topology = load_topology(options.file, "");
  const auto names = chosen(topology, options);
  const auto needed = demand(topology, names, options.file);
  const Where where = choose_kernel(needed.features, options.kernel);
  if (!measured.empty()) {
    sys::write_file(measured, bench::to_json(measure(topology, options.file, names)).dump());
    return fine;
  }
  if (options.out.empty()) options.out = "bench-" + topology.cluster.name;
  fs::create_directories(options.out);
  if (where.guest) fmt::print("{}\n", where.why);
  const auto results =
      where.guest ? measure_in_guest(options, names, needed) : measure(topology, options.file, names);
  fmt::print("\n{}", bench::write_all(topology.cluster.benches, results, options.out));
  if (!report::has_gnuplot())
    fmt::print("no plots: they need gnuplot (Debian package {})\n", report::gnuplot_package);
  fmt::print("written to {}\n", options.out);
  return fine;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("bench", "Measure the variants of a topology that its file names");
  auto options = std::make_shared<Options>();
  auto measured = std::make_shared<std::string>();
  command->add_option("FILE", options->file, "a topology with a bench")->required();
  command->add_option("--only", options->benches, "only the bench of this name; may be given several times")
      ->allow_extra_args(false);
  command->add_option("--out", options->out, "the folder that tables and plots go to (bench-NAME)");
  add_kernel_option(*command, options->kernel);
  command->add_option("--measured", *measured, "internal: only measure, and write that to this file")
      ->group("");
  command->callback([=, &run] { run = [=] { return run_bench(*options, *measured); }; });
}

}  // namespace lblab::cli
