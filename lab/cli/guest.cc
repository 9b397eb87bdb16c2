#include <fmt/ranges.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/guest/agent.hpp"
#include "lab/guest/features.hpp"
#include "lab/guest/run.hpp"
#include "lab/sys/process.hpp"

namespace lblab::cli {

namespace {

void tell(const std::string& line) { fmt::print(stderr, "lblab: {}\n", line); }

struct GuestOptions {
  guest::Job job;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  int limit_s = 0;
  std::vector<std::string> if_missing;
};

int run_in_guest(GuestOptions options) {
  auto& job = options.job;
  job.memory_mib = static_cast<int>(options.memory_bytes >> 20);
  job.directory = std::filesystem::current_path();
  job.terminal = ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO);
  job.progress = tell;
  if (options.limit_s > 0) job.limit = std::chrono::seconds(options.limit_s);
  try {
    return guest::run_and_wait(std::move(job), {}).code();
  } catch (const guest::Lacking& error) {
    throw Failure(machine_lacks, error.what());
  }
}

/// Becomes the command; returns only by throwing.
int run_here(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  ::execvp(pointers.front(), pointers.data());
  throw Failure(errno == ENOENT ? 127 : 126, argv.front() + ": " + std::strerror(errno));
}

int run_where_possible(const GuestOptions& options) {
  if (options.if_missing.empty()) return run_in_guest(options);
  std::set<std::string> needs(options.if_missing.begin(), options.if_missing.end());
  needs.insert("root");
  const auto missing = guest::Features().missing(needs);
  if (missing.empty()) {
    tell(fmt::format("this kernel has {}: running here", fmt::join(options.if_missing, ", ")));
    return run_here(options.job.argv);
  }
  std::string lacked;
  for (const auto& one : missing) {
    if (!one.guest_has_it) throw Failure(machine_lacks, "this machine lacks " + one.str());
    lacked += (lacked.empty() ? "" : ", ") + one.what;
  }
  tell("no " + lacked + " here: running in a guest");
  return run_in_guest(options);
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
  command
      ->add_option("--see", options->job.visible,
                   "A folder below /tmp, /run, /mnt or /var that the command needs to read")
      ->check(CLI::ExistingDirectory)
      ->allow_extra_args(false);
  command
      ->add_option("--if-missing", options->if_missing,
                   "Features, such as ipvs: run the command here, without a guest, if this kernel has them "
                   "and the user is "
                   "root")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("command", options->job.argv, "The command and its arguments, after --")->required();
  command->callback([&run, options] { run = [options] { return run_where_possible(*options); }; });

  auto* agent = app.add_subcommand("guest-agent", "The guest's end of `guest run`")->group("");
  agent->callback([&run] {
    run = [] {
      guest::run_agent();
      return int{fine};
    };
  });
}

}  // namespace lblab::cli
