#include "lab/cli/carry_out.hpp"

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"

namespace lblab::cli {

asio::awaitable<expect::ScenarioVerdict> carry_out(const std::string& lab, const nlohmann::json& request,
                                                   const std::function<void(const std::string&)>& progress) {
  const std::string first = request.dump();
  auto socket = co_await open_socket(lab, "/check");
  co_await socket.send(first);
  nlohmann::json last = nlohmann::json::object();
  for (;;) {
    const auto message = co_await socket.receive();
    if (!message) break;
    last = nlohmann::json::parse(*message);
    if (last.contains("progress")) progress("  " + last["progress"].get<std::string>());
  }
  if (last.contains("verdict")) co_return expect::scenario_verdict(last["verdict"]);
  throw Failure{last.value("code", static_cast<int>(lab_fault)),
                last.value("error", "the supervisor ended before the scenario did")};
}

}  // namespace lblab::cli
