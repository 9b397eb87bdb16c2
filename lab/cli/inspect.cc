#include <fmt/format.h>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/show.hpp"

namespace lblab::cli {

void add_inspect(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("inspect", "What runs, and what the kernels and daemons of the lab say");
  auto lab = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("LAB,--lab", *lab, "the lab; may be left out while only one runs");
  command->add_flag("--json", *json, "as JSON");
  command->callback([=, &run] {
    run = [=] {
      const auto inspected = ask(pick_lab(*lab), "GET", "/inspect");
      fmt::print("{}\n", *json ? inspected.dump(2) : show(inspected));
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
