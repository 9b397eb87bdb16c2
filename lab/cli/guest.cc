#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "lab/cli/commands.hpp"
#include "lab/guest/agent.hpp"
#include "lab/guest/run.hpp"
#include "lab/sys/process.hpp"

namespace lblab::cli {

namespace {

void tell(const std::string& line) { std::cerr << "lblab: " << line << std::endl; }

/// Runs f and turns what it throws into an exit code.
template <class F>
int guarded(F f) {
  try {
    return f();
  } catch (const guest::Lacking& error) {
    tell(error.what());
    return machine_lacks;
  } catch (const std::exception& error) {
    tell(error.what());
    return lab_fault;
  }
}

struct GuestOptions {
  guest::Job job;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  int limit_s = 0;
};

int run_in_guest(GuestOptions options) {
  auto& job = options.job;
  job.memory_mib = static_cast<int>(options.memory_bytes >> 20);
  job.directory = std::filesystem::current_path();
  job.terminal = ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO);
  job.progress = tell;
  if (options.limit_s > 0) job.limit = std::chrono::seconds(options.limit_s);
  return guest::run_and_wait(std::move(job), {}).code();
}

}  // namespace

void add_guest(CLI::App& app, Run& run) {
  auto* guest = app.add_subcommand("guest", "Run programs under a kernel that has what this one lacks");
  guest->require_subcommand(1);
  auto* command =
      guest->add_subcommand("run", "Run a command in a guest that sees this machine's files, read-only");
  auto options = std::make_shared<GuestOptions>();
  command->add_option("--memory", options->memory_bytes, "Memory, such as 512M or 2G")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("1G");
  command->add_option("--cpus", options->job.cpus, "Number of CPUs")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--limit", options->limit_s, "End the command after this many seconds, with status 124")
      ->check(CLI::PositiveNumber);
  command->add_option("--share", options->job.shared, "A folder that the command may write, at the same path")
      ->check(CLI::ExistingDirectory)
      ->allow_extra_args(false);
  command->add_option("command", options->job.argv, "The command and its arguments, after --")->required();
  command->callback(
      [&run, options] { run = [options] { return guarded([&] { return run_in_guest(*options); }); }; });

  auto* agent = app.add_subcommand("guest-agent", "The guest's end of `guest run`")->group("");
  agent->callback([&run] {
    run = [] {
      return guarded([] {
        guest::run_agent();
        return int{fine};
      });
    };
  });
}

}  // namespace lblab::cli
