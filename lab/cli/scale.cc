#include <fmt/format.h>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"

namespace lblab::cli {

void add_scale(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "scale", "Set the number of pods or load balancers; returns when the routes have followed");
  auto lab = std::make_shared<std::string>();
  auto what = std::make_shared<std::string>();
  command->add_option("WHAT", *what, "SERVICE=N for its pods, SERVICE/lb=N for its load balancers")
      ->required();
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->callback([=, &run] {
    run = [=] {
      const auto equals = what->find('=');
      const std::string count = equals == what->npos ? "" : what->substr(equals + 1);
      if (count.empty() || count.size() > 4 || count.find_first_not_of("0123456789") != count.npos)
        throw Failure{bad_input, "'" + *what + "' should read SERVICE=N or SERVICE/lb=N"};
      std::string service = what->substr(0, equals);
      const bool balancers = service.ends_with("/lb");
      if (balancers) service.resize(service.size() - 3);
      ask(pick_lab(*lab), "POST",
          "/scale" +
              query({{"service", service}, {"load-balancers", balancers ? "1" : "0"}, {"replicas", count}}));
      fmt::print("{} {} now has {}\n", service, balancers ? "(load balancers)" : "(pods)", count);
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
