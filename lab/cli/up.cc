#include <fmt/format.h>

#include "lab/cli/bring_up.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/first_look.hpp"

namespace lblab::cli {

namespace {

struct UpOptions {
  std::string file, name, kernel = "auto";
  std::vector<std::string> settings;
};

int up(const UpOptions& options) {
  const Progress progress;
  const Topology topology = load_topology(options.file, options.name, options.settings);
  const BringUp bringing{.file = options.file, .kernel = options.kernel};
  bring_up(topology, bringing, progress, [&](http::Socket) -> boost::asio::awaitable<void> {
    fmt::print("\n{}", first_look(topology.cluster.name, topology.cluster));
    co_return;
  });
  progress("done; `lblab exec NODE -- CMD`, `lblab inspect`, `lblab down` go on from here");
  return fine;
}

}  // namespace

void add_kernel_option(CLI::App& command, std::string& kernel) {
  command.add_option("--kernel", kernel, "host, guest, or auto: the guest where this kernel or user cannot")
      ->check(CLI::IsMember({"auto", "host", "guest"}))
      ->capture_default_str();
}

void add_set_option(CLI::App& command, std::vector<std::string>& settings) {
  command
      .add_option(
          "--set", settings,
          "KEY=VALUE: a key of the topology, with dots, and what it is instead; may be given several times")
      ->allow_extra_args(false);
}

void add_up(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("up", "Bring a lab up from a topology file and leave it running");
  auto options = std::make_shared<UpOptions>();
  command->add_option("FILE", options->file, "the topology")->required();
  command->add_option("--name", options->name, "the lab's name, instead of the file's");
  add_set_option(*command, options->settings);
  add_kernel_option(*command, options->kernel);
  command->callback([=, &run] { run = [=] { return up(*options); }; });
}

}  // namespace lblab::cli
