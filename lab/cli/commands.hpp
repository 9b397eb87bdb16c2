#pragma once

#include <CLI/CLI.hpp>
#include <functional>

/// One function a command, each in a file of its name: it adds the subcommand, and sets `run` when the user
/// picks it.
namespace lblab::cli {

using Run = std::function<int()>;

/// design.md, "What a user meets".
enum ExitCode {
  fine = 0,
  assertion_failed = 1,
  bad_input = 2,
  machine_lacks = 3,
  inconclusive = 4,
  lab_fault = 5
};

/// --kernel, for commands that bring labs up.
void add_kernel_option(CLI::App& command, std::string& kernel);

/// --set, for commands that read a topology: see model/override.hpp.
void add_set_option(CLI::App& command, std::vector<std::string>& settings);

void add_up(CLI::App& app, Run& run);
void add_check(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_down(CLI::App& app, Run& run);
void add_list(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_exec(CLI::App& app, Run& run);
void add_logs(CLI::App& app, Run& run);
void add_events(CLI::App& app, Run& run);
void add_scale(CLI::App& app, Run& run);
void add_kill(CLI::App& app, Run& run);
void add_start(CLI::App& app, Run& run);
void add_link(CLI::App& app, Run& run);
void add_plan(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_guest(CLI::App& app, Run& run);
void add_supervise(CLI::App& app, Run& run);  // internal: what `up` starts

}  // namespace lblab::cli
