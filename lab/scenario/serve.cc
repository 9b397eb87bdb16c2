#include "lab/scenario/serve.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "lab/model/parse.hpp"
#include "lab/scenario/company.hpp"
#include "lab/scenario/run_scenario.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using nlohmann::json;
using run::RunningLab;

namespace {

constexpr int bad_input = 2, lab_fault = 5;

model::Scenario named(const model::Cluster& topology, const std::string& name) {
  for (const auto& scenario : topology.scenarios)
    if (scenario.name == name) return scenario;
  throw Refused{"the topology has no scenario " + name};
}

/// The lab's own, or the client's.
model::Scenario wanted(const RunningLab& lab, const json& request) {
  const auto name = request.at("scenario").get<std::string>();
  if (!request.contains("topology")) return named(lab.cluster(), name);
  const auto parsed = model::parse(request["topology"].get<std::string>());
  if (parsed.cluster) return named(*parsed.cluster, name);
  std::string mistakes;
  for (const auto& mistake : parsed.diagnostics)
    mistakes += format(mistake, request.value("file", "")) + "\n";
  throw Refused{mistakes};
}

asio::awaitable<void> tell(http::Socket socket, json message) {
  const std::string text = message.dump();
  co_await socket.send(text);
}

asio::awaitable<void> check(RunningLab& lab, std::shared_ptr<Past> past, http::Socket socket) {
  const auto executor = co_await asio::this_coro::executor;
  const auto first = co_await socket.receive();
  json last;
  try {
    const json request = json::parse(first.value_or("{}"));
    const model::Scenario scenario = wanted(lab, request);
    const auto file = request.value("file", "");
    const auto seed = request.at("seed").get<std::uint64_t>();
    const Progress progress = [executor, socket](const std::string& text) {
      asio::co_spawn(executor, tell(socket, {{"progress", text}}), asio::detached);
    };
    const auto verdict = co_await run_scenario(lab, *past, scenario, file, seed, progress);
    last = {{"verdict", to_json(verdict)}};
  } catch (const Refused& e) {
    last = {{"error", e.what()}, {"code", bad_input}};
  } catch (const std::exception& e) {
    last = {{"error", e.what()}, {"code", lab_fault}};
  }
  const std::string text = last.dump(-1, ' ', false, json::error_handler_t::replace);
  co_await socket.send(text);
  co_await socket.close();
}

asio::awaitable<http::Response> restore(RunningLab& lab) {
  http::Response response{.status = 200, .body = "{\"done\": true}\n"};
  try {
    const RunningLab::Progress silent = [](const std::string&) {};
    co_await lab.restore(silent);
  } catch (const std::exception& e) {
    response = {.status = 500, .body = json{{"error", e.what()}}.dump()};
  }
  co_return response;
}

}  // namespace

void serve(http::Server& server, RunningLab& lab) {
  server.on_socket("/check", [&lab, past = std::make_shared<Past>()](http::Request, http::Socket socket) {
    return check(lab, past, std::move(socket));
  });
  server.on("POST", "/restore", [&lab](http::Request) { return restore(lab); });
}

}  // namespace lblab::scenario
