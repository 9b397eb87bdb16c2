#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <random>

#include "lab/cli/bring_up.hpp"
#include "lab/cli/carry_out.hpp"
#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/end_lab.hpp"
#include "lab/expect/rounds.hpp"
#include "lab/report/html.hpp"
#include "lab/report/json.hpp"
#include "lab/report/junit.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/text.hpp"
#include "lab/report/topology.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace {

using Verdicts = std::vector<expect::ScenarioVerdict>;

struct CheckOptions {
  std::vector<std::string> files;
  std::string scenario, junit, json, html, kernel = "auto";
  int repeat = 1, retry = 0;
  std::optional<std::uint64_t> seed;
  bool keep = false;
};

std::vector<std::string> chosen(const Topology& topology, const CheckOptions& options,
                                const std::string& file) {
  std::vector<std::string> names, all;
  for (const auto& scenario : topology.cluster.scenarios) {
    all.push_back(scenario.name);
    if (options.scenario.empty() || scenario.name == options.scenario) names.push_back(scenario.name);
  }
  if (all.empty())
    throw Failure{bad_input, file + " has no scenarios: docs/topology.md says how to write them"};
  if (names.empty())
    throw Failure{bad_input, fmt::format("{} has no scenario {}; it has {}", file, options.scenario,
                                         fmt::join(all, ", "))};
  return names;
}

bool impairs(const std::vector<model::Step>& steps) {
  return std::ranges::any_of(steps, [](const model::Step& step) {
    const auto* repeat = std::get_if<model::Repeat>(&step.what);
    const auto* one_of = std::get_if<model::OneOf>(&step.what);
    return std::holds_alternative<model::ImpairLink>(step.what) || (repeat && impairs(repeat->steps)) ||
           (one_of && impairs(one_of->steps));
  });
}

std::set<std::string> needs(const Topology& topology, const std::vector<std::string>& names) {
  std::set<std::string> found{"program:lblab-probe"};
  for (const auto& scenario : topology.cluster.scenarios)
    if (std::ranges::count(names, scenario.name) > 0 && impairs(scenario.steps)) found.insert("netem");
  return found;
}

report::Style style() {
  report::Style style;
  style.colour = ::isatty(STDOUT_FILENO) == 1;
  return style;
}

/// What is to be carried out, in order: a scenario and its seed.
std::vector<std::pair<std::string, std::uint64_t>> rounds(const std::vector<std::string>& names,
                                                          const CheckOptions& options, std::uint64_t seed) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (int round = 0; round < options.repeat; ++round)
    for (const auto& name : names) all.emplace_back(name, seed + static_cast<std::uint64_t>(round));
  return all;
}

bool is_bad(const expect::ScenarioVerdict& verdict) {
  return verdict.outcome != expect::Outcome::passed || !verdict.trouble.empty();
}

/// All scenarios of one file that were asked for, one after the other on one lab. Returns whether the lab is
/// kept.
bool check_file(const std::string& file, const CheckOptions& options, std::uint64_t seed,
                const Progress& progress, Verdicts& verdicts) {
  const Topology topology = load_topology(file, "");
  const auto& lab = topology.cluster.name;
  const auto names = chosen(topology, options, file);
  const BringUp bringing{
      .file = file, .kernel = options.kernel, .further_needs = needs(topology, names), .ends_with_us = true};
  bool kept = false, first = true;
  progress("bringing up " + file);
  bring_up(topology, bringing, progress, [&](http::Socket lifeline) -> asio::awaitable<void> {
    for (const auto& [name, own_seed] : rounds(names, options, seed)) {
      for (int again = options.retry;; --again) {
        if (!std::exchange(first, false)) {
          progress("putting the lab back as it was");
          ask(lab, "POST", "/restore");
        }
        progress(fmt::format("scenario {} (seed {})", name, own_seed));
        const nlohmann::json request{{"scenario", name}, {"seed", own_seed}, {"file", file}};
        auto verdict = co_await carry_out(lab, request, progress);
        if (options.repeat > 1) expect::leave_limits_to_rounds(verdict);
        const bool unclear = verdict.outcome == expect::Outcome::inconclusive && verdict.trouble.empty();
        if (again > 0 && unclear) {
          progress("inconclusive, for this machine is too busy: once more");
          continue;
        }
        verdicts.push_back(std::move(verdict));
        break;
      }
      fmt::print("\n");
      std::fflush(stdout);
      report::write_text(std::cout, verdicts.back(), style());
      std::cout << std::endl;
      if (!options.keep || !is_bad(verdicts.back())) continue;
      co_await lifeline.send("keep");
      co_await lifeline.close();
      kept = true;
      co_return;
    }
  });
  if (kept)
    progress("the lab " + lab +
             " is kept: `lblab inspect`, `lblab exec`, `lblab events`; `lblab down` ends it");
  else
    end_lab(lab);
  return kept;
}

template <class Write>
void write_file(const std::string& path, const Write& write) {
  if (path.empty()) return;
  std::ofstream file{path};
  write(file);
  file.close();
  if (!file) throw sys::SystemError{"write " + path};
}

int code_of(const Verdicts& verdicts) {
  const auto any = [&](auto is) { return std::ranges::any_of(verdicts, is); };
  if (any([](const auto& v) { return !v.trouble.empty(); })) return lab_fault;
  const auto outcome = report::outcome_of(verdicts);
  return outcome == expect::Outcome::failed         ? assertion_failed
         : outcome == expect::Outcome::inconclusive ? inconclusive
                                                    : fine;
}

std::vector<report::Reference> references(const Topology& topology) {
  std::vector<report::Reference> found;
  for (const auto& scenario : topology.cluster.scenarios) {
    if (!scenario.compare) continue;
    const auto add = [&](const char* what, const std::optional<std::chrono::milliseconds>& value) {
      if (value)
        found.push_back({.scenario = scenario.name,
                         .name = scenario.compare->by + ": " + what,
                         .value = std::chrono::duration<double>(*value).count()});
    };
    add("p50", scenario.compare->p50);
    add("p99", scenario.compare->p99);
    add("max", scenario.compare->max);
  }
  return found;
}

/// The picture is that of the one file; of several there is none.
void write_page(std::ostream& out, const Verdicts& verdicts, const std::vector<std::string>& files) {
  if (files.size() != 1) return report::write_html(out, verdicts, "");
  const Topology topology = load_topology(files.front(), "");
  report::write_html(out, verdicts, report::topology_svg(topology.cluster), references(topology));
}

int check(const CheckOptions& options) {
  const Progress progress;
  const auto seed = options.seed ? *options.seed : std::random_device{}();
  Verdicts verdicts;
  for (const auto& file : options.files)
    if (check_file(file, options, seed, progress, verdicts)) break;
  for (const auto& rounds : expect::over_rounds(verdicts)) report::write_text(std::cout, rounds, style());
  std::cout << std::flush;
  write_file(options.junit, [&](std::ostream& out) { report::write_junit(out, verdicts); });
  write_file(options.json, [&](std::ostream& out) { report::write_json(out, verdicts); });
  write_file(options.html, [&](std::ostream& out) { write_page(out, verdicts, options.files); });
  fmt::print("{}; --seed {} repeats this\n", report::verdict_line(verdicts), seed);
  return code_of(verdicts);
}

}  // namespace

void add_check(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("check", "Run the scenarios of a topology file and judge them");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("FILE", options->files, "topologies with scenarios")->required();
  command->add_option("--scenario", options->scenario, "only this one");
  command
      ->add_option("--repeat", options->repeat,
                   "how often, each time with the next seed; the rounds are summed up")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--retry", options->retry, "how often one that was inconclusive is tried once more")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "what is drawn at random is drawn as it was with this seed");
  command->add_option("--junit", options->junit, "write a JUnit report to this file");
  command->add_option("--json", options->json, "write all findings as JSON to this file");
  command->add_option("--html", options->html, "write a report to look at to this file");
  command->add_flag("--keep", options->keep, "leave the lab as it is when a scenario does not pass");
  add_kernel_option(*command, options->kernel);
  command->callback([=, &run] { run = [=] { return check(*options); }; });
}

}  // namespace lblab::cli
