#include <fmt/format.h>
#include <signal.h>

#include <cstring>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/target.hpp"

namespace lblab::cli {

namespace {

/// "KILL", "SIGKILL", "9".
int signal_number(std::string name) {
  if (!name.empty() && name.size() < 3 && name.find_first_not_of("0123456789") == name.npos)
    return std::stoi(name);
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number < NSIG; ++number)
    if (const char* known = ::sigabbrev_np(number); known && name == known) return number;
  throw Failure{bad_input, "'" + name + "' is no signal; try TERM, KILL, STOP, CONT, HUP, …"};
}

}  // namespace

void add_kill(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("kill", "Signal a process of the lab, or all processes of a node");
  auto lab = std::make_shared<std::string>();
  auto target = std::make_shared<std::string>();
  auto name = std::make_shared<std::string>("KILL");
  auto restart = std::make_shared<std::string>("after");
  command->add_option("NODE[/PROCESS]", *target)->required();
  command->add_option("--signal,-s", *name, "its name or number")->capture_default_str();
  command
      ->add_option("--restart", *restart,
                   "after: it is started again after a back-off; never: not before `lblab start`")
      ->check(CLI::IsMember({"after", "never"}))
      ->capture_default_str();
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->callback([=, &run] {
    run = [=] {
      const auto [host, process] = split_target(*target);
      const int number = signal_number(*name);
      ask(pick_lab(*lab), "POST",
          "/kill" + query({{"host", host},
                           {"process", process},
                           {"signal", std::to_string(number)},
                           {"restart", *restart}}));
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
