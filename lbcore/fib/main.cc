// fibd: a router's forwarding table, kept in step with the gobgpd beside it.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lab/sys/process.hpp"
#include "lbcore/fib/agent.hpp"

namespace {

using namespace lbcore::fib;

/// "127.0.0.1:50051", "[::1]:50051"
bool parse_api(const std::string& text, Settings& settings) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = lblab::sys::Address::parse(host);
  int port = 0;
  if (!address || !CLI::detail::lexical_cast(text.substr(colon + 1), port) || port < 1 || port > 65535)
    return false;
  settings.address = *address;
  settings.port = static_cast<std::uint16_t>(port);
  return true;
}

void print(const nlohmann::json& event) {
  std::cout << event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Keeps the kernel's multipath routes in step with the paths of a gobgpd."};
  Settings settings;
  std::string api = "127.0.0.1:50051";
  std::int64_t stale_ms = settings.stale.count(), settle_ms = settings.settle.count();
  const CLI::AsNumberWithUnit duration(
      std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1'000}, {"m", 60'000}},
      CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION");
  app.add_option("--api", api, "gobgpd's API, ADDRESS:PORT")->capture_default_str();
  app.add_option("--stale", stale_ms, "how long routes outlive gobgpd (default 60s)")->transform(duration);
  app.add_option("--settle", settle_ms,
                 "how long the sessions of a gobgpd that came back must be up, and its table "
                 "quiet, until what it does not announce is removed (default 3s)")
      ->transform(duration);
  app.add_flag("--keep", settings.keep, "leave the routes when ended by SIGTERM");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!parse_api(api, settings)) {
    std::cerr << "fibd: --api " << api << " is not ADDRESS:PORT, e.g. 127.0.0.1:50051\n";
    return 2;
  }
  settings.stale = std::chrono::milliseconds(stale_ms);
  settings.settle = std::chrono::milliseconds(settle_ms);
  const char* path = std::getenv("PATH");
  if (lblab::sys::find_program("gobgp", path ? path : lblab::sys::standard_path).empty()) {
    std::cerr << "fibd: the program gobgp is missing (Debian package gobgpd)\n";
    return 3;
  }
  std::signal(SIGPIPE, SIG_IGN);  // who reads the events may go before us
  try {
    boost::asio::io_context io;
    run(io, settings, print);
  } catch (const std::exception& error) {
    std::cerr << "fibd: " << error.what() << '\n';
    return 5;
  }
  return 0;
}
