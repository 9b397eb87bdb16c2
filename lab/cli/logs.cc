#include <cstdio>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"

namespace lblab::cli {

void add_logs(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("logs", "What the processes of a node wrote");
  auto lab = std::make_shared<std::string>();
  auto host = std::make_shared<std::string>();
  auto process = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  command->add_option("NODE", *host)->required();
  command->add_option("PROCESS", *process, "all of the node's, if left out");
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->add_flag("-f,--follow", *follow, "and what they write from now on");
  command->callback([=, &run] {
    run = [=] {
      const std::string name = pick_lab(*lab);
      const auto inspected = ask(name, "GET", "/inspect");
      if (!inspected["hosts"].contains(*host))
        throw Failure{bad_input, "no host of " + name + " is called " + *host};
      const std::string target =
          "/logs" + query({{"host", *host}, {"process", *process}, {"follow", *follow ? "1" : "0"}});
      cli::run([&]() -> asio::awaitable<void> {
        auto socket = co_await open_socket(name, target);
        for (;;) {
          const auto message = co_await socket.receive();
          if (!message) break;
          const auto line = nlohmann::json::parse(*message);
          const std::string text = line["line"].get<std::string>();
          if (process->empty())
            std::printf("%s: %s\n", line["name"].get<std::string>().c_str(), text.c_str());
          else
            std::printf("%s\n", text.c_str());
          std::fflush(stdout);
        }
      });
      return static_cast<int>(fine);
    };
  });
}

}  // namespace lblab::cli
