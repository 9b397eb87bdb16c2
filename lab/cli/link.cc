#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"

namespace lblab::cli {

void add_link(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("link", "Take a node's carrier away, at the other end of its link, or give it back");
  auto lab = std::make_shared<std::string>();
  auto target = std::make_shared<std::string>();
  auto state = std::make_shared<std::string>();
  command->add_option("NODE:LINK", *target, "such as node1:eth0")->required();
  command->add_option("up|down", *state)->required()->check(CLI::IsMember({"up", "down"}));
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->callback([=, &run] {
    run = [=] {
      const auto colon = target->find(':');
      if (colon == target->npos)
        throw Failure{bad_input, "'" + *target + "' should read NODE:LINK, such as node1:eth0"};
      ask(pick_lab(*lab), "POST",
          "/carrier" + query({{"host", target->substr(0, colon)},
                              {"link", target->substr(colon + 1)},
                              {"up", *state == "up" ? "1" : "0"}}));
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
