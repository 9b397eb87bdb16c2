#include <cstdio>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"

namespace lblab::cli {

void add_events(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("events", "All that happened in the lab, one JSON object a line");
  auto lab = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  command->add_option("LAB,--lab", *lab, "the lab; may be left out while only one runs");
  command->add_flag("-f,--follow", *follow, "and what happens from now on");
  command->callback([=, &run] {
    run = [=] {
      const std::string name = pick_lab(*lab);
      const std::string target = "/events" + query({{"follow", *follow ? "1" : "0"}});
      cli::run([&]() -> asio::awaitable<void> {
        auto socket = co_await open_socket(name, target);
        for (;;) {
          const auto line = co_await socket.receive();
          if (!line) break;
          std::puts(line->c_str());
          std::fflush(stdout);
        }
      });
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
