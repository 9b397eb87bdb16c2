#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <iostream>

#include "lbcore/announce/bird.hpp"
#include "lbcore/announce/exabgp.hpp"
#include "lbcore/announce/frr.hpp"
#include "lbcore/announce/gobgp.hpp"
#include "lbcore/announce/helper.hpp"

namespace {

namespace asio = boost::asio;
namespace announce = lbcore::announce;

struct Options {
  announce::HelperSettings helper{.socket = "", .limit = std::chrono::milliseconds{10'000}};
  std::string to = "exabgp", at, routes, log;
};

asio::awaitable<std::unique_ptr<announce::Agent>> reach(const Options& options) {
  if (options.to == "bird") return announce::bird::reach({options.at, options.routes});
  if (options.to == "frr") return announce::frr::reach({options.at, options.log});
  return announce::gobgp::reach(options.at);
}

/// exabgp has started us; the others are there when they are, and again when they come back.
asio::awaitable<void> serve(Options options) {
  if (options.to == "exabgp")
    co_return co_await run_helper(
        options.helper,
        announce::exabgp::agent(co_await asio::this_coro::executor, lblab::sys::Fd(0), lblab::sys::Fd(1)));
  for (;;) {
    auto agent = co_await reach(options);
    co_await run_helper(options.helper, std::move(agent));
  }
}

int run(const Options& options) {
  asio::io_context io(1);
  asio::co_spawn(io, serve(options), [&](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    io.stop();
  });
  io.run();
  return 0;
}

/// What is wrong with the options together; empty: nothing.
std::string mistake(const Options& options) {
  if (options.to != "exabgp" && options.at.empty()) return "--to " + options.to + " needs --at";
  if (options.to == "bird" && options.routes.empty()) return "--to bird needs --routes";
  if (options.to == "frr" && options.log.empty()) return "--to frr needs --log";
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Announces lbd's routes through a BGP agent. exabgp runs this as an API process, and its stdin and "
      "stdout are exabgp's; beside the others it runs by itself.");
  Options options;
  std::uint64_t limit_ms = 10'000;
  app.add_option("--socket", options.helper.socket, "lbd's announce.socket")->required();
  app.add_option("--limit", limit_ms, "withdraw everything when lbd has been gone for longer (10s)")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, std::uint64_t>{{"ms", 1}, {"s", 1'000}, {"m", 60'000}},
                                CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"));
  app.add_option("--to", options.to, "the agent (exabgp)")
      ->check(CLI::IsMember({"exabgp", "gobgp", "frr", "bird"}));
  app.add_option("--at", options.at,
                 "where it is reached: gobgpd's API (127.0.0.1:50051), bgpd's vty socket, bird's control "
                 "socket");
  app.add_option("--routes", options.routes, "bird: the file of routes that its configuration includes");
  app.add_option("--log", options.log, "frr: the file that bgpd's log goes to");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (const auto wrong = mistake(options); !wrong.empty()) {
    std::cerr << "lbd-announce: " << wrong << "\n";
    return 2;
  }
  options.helper.limit = std::chrono::milliseconds(limit_ms);
  try {
    return run(options);
  } catch (const std::exception& e) {
    std::cerr << "lbd-announce: " << e.what() << "\n";
    return 1;
  }
}
