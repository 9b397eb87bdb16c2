#include "lab/cli/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "lab/cli/commands.hpp"
#include "lab/run/exec.hpp"
#include "lab/run/state.hpp"

namespace lblab::cli {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto connecting = 120s;  // a guest may have to boot first, on a busy machine

http::Endpoint endpoint(const std::string& lab) { return {.unix_path = lblab::run::control_socket(lab)}; }

}  // namespace

std::string pick_lab(const std::string& name) {
  std::string alive;
  int count = 0;
  for (const auto& found : lblab::run::labs()) {
    if (!found.alive) continue;
    if (found.lab == name) return name;
    alive += (count++ ? ", " : "") + found.lab;
  }
  if (name.empty() && count == 1) return alive;
  if (count == 0) throw Failure{bad_input, "no lab is running; `lblab up FILE` starts one"};
  if (name.empty())
    throw Failure{bad_input, "several labs are running (" + alive + "): say which with --lab NAME"};
  throw Failure{bad_input, "no running lab is called " + name + "; running: " + alive};
}

void run(const std::function<asio::awaitable<void>()>& body) {
  asio::io_context io{1};
  std::exception_ptr failed;
  asio::co_spawn(io, body(), [&](std::exception_ptr error) {
    failed = error;
    io.stop();
  });
  io.run();
  if (failed) std::rethrow_exception(failed);
}

json ask(const std::string& lab, const std::string& method, const std::string& target,
         std::chrono::seconds patience) {
  const http::Request request{.method = method, .target = target, .body = {}};
  http::Response response;
  try {
    run([&]() -> asio::awaitable<void> {
      response = co_await http::fetch(endpoint(lab), request, patience);
    });
  } catch (const std::exception& e) {
    throw Failure{lab_fault, "the supervisor of " + lab + " does not answer: " + e.what()};
  }
  json body = json::parse(response.body, nullptr, false);
  if (response.status == 200) return body;
  throw Failure{response.status == 400 ? bad_input : lab_fault,
                body.is_object() ? body.value("error", response.body) : response.body};
}

asio::awaitable<http::Socket> open_socket(const std::string& lab, const std::string& target) {
  return http::connect(endpoint(lab), target, connecting);
}

std::string query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters)
    text += (text.empty() ? "?" : "&") + name + "=" + http::encode(value);
  return text;
}

Output run_in(const std::string& lab, const std::string& host, const std::vector<std::string>& argv) {
  Output output;
  const std::string target = "/exec" + query({{"host", host}}), request = json{{"argv", argv}}.dump();
  run([&]() -> asio::awaitable<void> {
    auto socket = co_await open_socket(lab, target);
    co_await socket.send(request);
    co_await socket.send(std::string(1, lblab::run::channel::input));
    for (;;) {
      const auto message = co_await socket.receive();
      if (!message) break;
      const std::string data = message->substr(1);
      switch (message->front()) {
        case lblab::run::channel::output:
          output.out += data;
          break;
        case lblab::run::channel::error:
          output.err += data;
          break;
        case lblab::run::channel::exit:
          output.code = std::stoi(data);
          break;
        default:
          throw Failure{lab_fault, data};
      }
    }
  });
  return output;
}

}  // namespace lblab::cli
