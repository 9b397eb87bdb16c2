#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/target.hpp"

namespace lblab::cli {

void add_start(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("start", "Start again what was killed with --restart never");
  auto lab = std::make_shared<std::string>();
  auto target = std::make_shared<std::string>();
  command->add_option("NODE[/PROCESS]", *target)->required();
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->callback([=, &run] {
    run = [=] {
      const auto [host, process] = split_target(*target);
      ask(pick_lab(*lab), "POST", "/start" + query({{"host", host}, {"process", process}}));
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
