#include <iostream>

#include "lab/apply/dry_run.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/topology_file.hpp"
#include "lab/plan/needs.hpp"

namespace lblab::cli {

void add_plan(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("plan", "Print what `up` would do to the machine, op by op; touches nothing");
  auto file = std::make_shared<std::string>();
  auto settings = std::make_shared<std::vector<std::string>>();
  auto needs = std::make_shared<bool>(false);
  command->add_option("FILE", *file, "the topology")->required();
  add_set_option(*command, *settings);
  command->add_flag("--needs", *needs, "print what the machine must have instead");
  command->callback([=, &run] {
    run = [=] {
      const Topology topology = load_topology(*file, "", *settings);
      if (*needs) {
        for (const auto& need : plan::needs(topology.plan)) std::cout << need << '\n';
        return static_cast<int>(fine);
      }
      apply::DryRun print{std::cout};
      print.apply(topology.plan);
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
