#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/run/state.hpp"

namespace lblab::cli {

void add_list(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("list", "The labs of this user");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as JSON");
  command->callback([=, &run] {
    run = [=] {
      auto all = nlohmann::json::array();
      for (const auto& found : lblab::run::labs())
        all.push_back({{"name", found.lab},
                       {"state", !found.alive      ? "left behind by a crash: `lblab down` cleans up"
                                 : found.coming_up ? "coming up"
                                                   : "running"}});
      if (*json)
        fmt::print("{}\n", all.dump(2));
      else if (all.empty())
        fmt::print("no labs; `lblab up FILE` starts one\n");
      else
        for (const auto& lab : all)
          fmt::print("{:<20} {}\n", lab["name"].get<std::string>(), lab["state"].get<std::string>());
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
