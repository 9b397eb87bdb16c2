#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/http/http.hpp"

/// What the commands share: finding the lab, and talking to its supervisor.
namespace lblab::cli {

namespace asio = boost::asio;

/// A command that ends early: what() goes to stderr, `code` is the exit code.
struct Failure : std::runtime_error {
  Failure(int code, const std::string& text) : std::runtime_error(text), code(code) {}
  int code;
};

/// The lab that the user means: `name`, or the only one that runs. Throws Failure (bad_input) that lists what
/// there is.
std::string pick_lab(const std::string& name);

/// Runs a coroutine to its end on a loop of its own.
void run(const std::function<asio::awaitable<void>()>& body);

/// One request to the lab's supervisor; the JSON of its answer. Throws Failure with its error text (400:
/// bad_input, else lab_fault). Scaling waits until the routes have followed, which under emulation takes tens
/// of seconds: hence the default.
nlohmann::json ask(const std::string& lab, const std::string& method, const std::string& target,
                   std::chrono::seconds patience = std::chrono::seconds(180));

/// Opens a WebSocket of the lab's supervisor.
asio::awaitable<http::Socket> open_socket(const std::string& lab, const std::string& target);

/// "?a=b&c=d", encoded.
std::string query(const std::vector<std::pair<std::string, std::string>>& parameters);

struct Output {
  int code = 0;
  std::string out, err;
};
/// Runs a command in a host of the lab, without input.
Output run_in(const std::string& lab, const std::string& host, const std::vector<std::string>& argv);

}  // namespace lblab::cli
