#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "lab/bench/matrix.hpp"
#include "lab/bench/summary.hpp"
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

struct BenchOptions {
  std::string file, out, kernel = "auto", count;
  std::vector<std::string> benches;
  int rounds = 0;  // 0: as the bench has it
  // Of a guest's job: what it is to measure, and the file that the host reads.
  std::string measured, variant;
  int round = 0;
};

/// The benches of the file that were asked for; all of them if none was.
std::vector<std::string> chosen(const Topology& topology, const BenchOptions& options) {
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

constexpr std::size_t base_mib = 768, process_mib = 40;

/// Ourselves, in a guest: there, the labs are in the machine's own kernel.
guest::Job guest_job(const BenchOptions& options, std::size_t processes) {
  const fs::path program = fs::read_symlink("/proc/self/exe"), file = fs::absolute(options.file),
                 out = fs::canonical(options.out);
  guest::Job job;
  job.argv = {program, "bench", file, "--kernel", "host", "--measured", out / measured_file};
  if (options.rounds > 0) job.argv.insert(job.argv.end(), {"--rounds", std::to_string(options.rounds)});
  job.environment = guest::job_environment();
  job.visible = {file.parent_path(), program.parent_path()};
  job.shared = {out};
  job.memory_mib = static_cast<int>(base_mib + process_mib * processes);
  job.progress = [](const std::string& line) { fmt::print("{}\n", line); };
  return job;
}

/// Throws Failure where the job failed.
bench::Results run_in_guest(guest::Job job, const fs::path& measured) {
  const int code = guest::run_and_wait(std::move(job), {}).code();
  if (code != 0) throw Failure{code, "the bench in the guest did not end well"};
  const auto text = sys::read_file(measured);
  fs::remove(measured);
  auto results = bench::results_from(nlohmann::json::parse(text));
  if (results.machine.virtual_by.empty()) results.machine.virtual_by = "KVM";
  return results;
}

/// All labs in one guest.
bench::Results measure_in_guest(const BenchOptions& options, const std::vector<std::string>& names,
                                const Demand& demand) {
  auto job = guest_job(options, demand.processes);
  for (const auto& name : names) job.argv.insert(job.argv.end(), {"--only", name});
  return run_in_guest(std::move(job), fs::canonical(options.out) / measured_file);
}

/// A boot for each variant in each round, in another order each round. A boot that fails is lost.
bench::Results count_in_guests(const BenchOptions& options, const model::Bench& bench,
                               const std::vector<bench::Variant>& variants, std::size_t processes) {
  bench::Results all;
  for (int round = 1; round <= bench.rounds; ++round) {
    std::vector<const bench::Variant*> order;
    for (const auto& variant : variants) order.push_back(&variant);
    std::shuffle(order.begin(), order.end(), std::mt19937{static_cast<unsigned>(round)});
    for (const auto* variant : order) try {
        fmt::print("{}: boot {} of {}: {}\n", bench.name, round, bench.rounds, variant->point.name);
        auto job = guest_job(options, processes);
        job.counts_instructions = true;
        job.argv.insert(job.argv.end(), {"--only", bench.name, "--variant", variant->point.name, "--round",
                                         std::to_string(round)});
        bench::merge(all, run_in_guest(std::move(job), fs::canonical(options.out) / measured_file));
      } catch (const std::runtime_error& error) {
        fmt::print("{}: {}: not measured: {}\n", bench.name, variant->point.name, error.what());
        all.benches[bench.name][variant->point.name].lost.push_back(
            {.round = round, .what = bench::word(model::Bench::Measure::instructions), .why = error.what()});
      }
  }
  return all;
}

/// The one variant that a guest's job is about.
bench::Variant variant_of(const Topology& topology, const model::Bench& bench, const std::string& name) {
  for (auto& variant : bench::matrix(topology.text, topology.cluster, bench).variants)
    if (variant.point.name == name) return variant;
  throw Failure{bad_input, fmt::format("bench {} has no variant {}", bench.name, name)};
}

/// As the command line has it: so many rounds, and instructions instead of what the file measures.
void adjust(std::vector<model::Bench>& benches, const BenchOptions& options) {
  for (auto& bench : benches) {
    if (options.rounds > 0) bench.rounds = options.rounds;
    if (options.count.empty()) continue;
    bench.measures = {model::Bench::Measure::instructions};
    const auto all = model::variants(bench);
    if (std::ranges::find(all, model::direct_access, &model::BenchVariant::name) != all.end())
      bench.baseline = model::direct_access;  // whose instructions are taken off the others'
    bench.paper.reset();                      // theirs are of other things
  }
}

const model::Bench& bench_named(const Topology& topology, const std::string& name) {
  return *std::ranges::find(topology.cluster.benches, name, &model::Bench::name);
}

/// What a guest does for the host.
int work_for_host(const Topology& topology, const BenchOptions& options,
                  const std::vector<std::string>& names) {
  const auto results = [&] {
    if (options.variant.empty()) return measure(topology, options.file, names);
    const auto& bench = bench_named(topology, names.front());
    return count_instructions(options.file, bench.name, variant_of(topology, bench, options.variant),
                              options.round);
  }();
  sys::write_file(options.measured, bench::to_json(results).dump());
  return fine;
}

bench::Results measure_where(const Topology& topology, const BenchOptions& options,
                             const std::vector<std::string>& names, const Demand& needed,
                             const Where& where) {
  if (options.count.empty())
    return where.guest ? measure_in_guest(options, names, needed) : measure(topology, options.file, names);
  bench::Results all;
  for (const auto& name : names) {
    const auto& bench = bench_named(topology, name);
    bench::merge(
        all, count_in_guests(options, bench, bench::matrix(topology.text, topology.cluster, bench).variants,
                             needed.processes));
  }
  return all;
}

int run_bench(BenchOptions options) {
  Topology topology = load_topology(options.file, "");
  adjust(topology.cluster.benches, options);
  const auto names = chosen(topology, options);
  const auto needed = demand(topology, names, options.file);
  const Where where = options.count.empty() || !options.measured.empty()
                          ? choose_kernel(needed.features, options.kernel)
                          : choose_kernel(needed.features, "guest");
  if (!options.measured.empty()) return work_for_host(topology, options, names);
  if (options.out.empty()) options.out = "bench-" + topology.cluster.name;
  fs::create_directories(options.out);
  if (where.guest) fmt::print("{}\n", where.why);
  const auto results = measure_where(topology, options, names, needed, where);
  fmt::print("\n{}", bench::write_all(topology.cluster.benches, results, options.out));
  if (!report::has_gnuplot())
    fmt::print("no plots: they need gnuplot (Debian package {})\n", report::gnuplot_package);
  fmt::print("written to {}\n", options.out);
  for (const auto& bench : topology.cluster.benches)
    if (const auto runs = results.benches.find(bench.name);
        runs != results.benches.end() && bench::lacks_some(bench, runs->second))
      throw Failure{lab_fault, fmt::format("bench {} has variants that could not be measured", bench.name)};
  return fine;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  constexpr int most_rounds = 1'000;
  auto* command = app.add_subcommand("bench", "Measure the variants of a topology that its file names");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("FILE", options->file, "a topology with a bench")->required();
  command->add_option("--only", options->benches, "only the bench of this name; may be given several times")
      ->allow_extra_args(false);
  command->add_option("--out", options->out, "the folder that tables and plots go to (bench-NAME)");
  command->add_option("--rounds", options->rounds, "so many rounds, instead of what the file says")
      ->check(CLI::Range(1, most_rounds).description(""));
  command
      ->add_option(
          "--count", options->count,
          "instead of times, count `instructions` a request, in guests that are booted for it: a boot "
          "a round for each variant")
      ->check(CLI::IsMember({"instructions"}).description(""));
  add_kernel_option(*command, options->kernel);
  command->add_option("--measured", options->measured, "internal: only measure, and write that to this file")
      ->group("");
  command->add_option("--variant", options->variant, "internal: count that of this variant")->group("");
  command->add_option("--round", options->round, "internal: in this round")->group("");
  command->callback([=, &run] { run = [=] { return run_bench(*options); }; });
}

}  // namespace lblab::cli
