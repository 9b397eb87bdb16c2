
#include <fmt/format.h>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/end_lab.hpp"
#include "lab/run/state.hpp"

namespace lblab::cli {

namespace {

/// The lab to end, running or left behind; empty when there is none at all.
std::string lab_to_end(const std::string& name) {
  const auto found = lblab::run::labs();
  if (!name.empty()) return name;
  if (found.size() > 1) {
    std::string names;
    for (const auto& lab : found) names += " " + lab.lab;
    throw Failure{bad_input, "several labs are here; say which:" + names};
  }
  if (found.empty()) return "";
  const auto& only = found.front();
  if (only.coming_up)
    throw Failure{bad_input, only.lab + " is still coming up, by another command; `lblab down " + only.lab +
                                 "` ends it all the same"};
  return only.lab;
}

}  // namespace

void add_down(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("down", "End a lab, also one that a crash left behind; ending it twice is fine");
  auto name = std::make_shared<std::string>();
  command->add_option("LAB", *name, "its name; may be left out while there is only one");
  command->callback([=, &run] {
    run = [=] {
      const std::string lab = lab_to_end(*name);
      if (lab.empty()) {
        fmt::print("no lab is here\n");
        return static_cast<int>(fine);
      }
      end_lab(lab);
      fmt::print("{} is down\n", lab);
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
