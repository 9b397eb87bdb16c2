#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/daemon/control.hpp"
#include "lbcore/dataplane/abilities.hpp"

namespace {

namespace asio = boost::asio;
using namespace lbcore;
using daemon::Daemon;
using nlohmann::ordered_json;

Daemon::Reread read_settings(const std::string& path) try {
  auto [settings, mistakes] = daemon::parse(lblab::sys::read_file(path));
  if (mistakes.empty()) return {std::move(settings), {}};
  Daemon::Reread refused;
  for (const auto& mistake : mistakes) refused.mistakes.push_back(format(mistake, path));
  return refused;
} catch (const lblab::sys::SystemError& e) {
  return {std::nullopt, {e.what()}};
}

void print(const ordered_json& event) {
  std::cout << event.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << std::endl;
}

asio::awaitable<void> follow_signals(asio::signal_set& signals, Daemon& daemon) {
  for (;;) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    std::vector<std::string> told_by_event;
    if (number == SIGHUP)
      daemon.reload(told_by_event);
    else
      daemon.terminate();
  }
}

int serve(const std::string& config, Settings settings) {
  std::signal(SIGPIPE, SIG_IGN);  // nobody reading the events is no reason to end
  asio::io_context io(1);
  asio::signal_set signals(io, SIGTERM, SIGINT, SIGHUP);
  // Beside the control socket: another lbd of this machine has another one.
  const auto files = std::filesystem::path(settings.control).parent_path() / "dataplane";
  const auto dataplane = dataplane::make(settings, io.get_executor(), files);
  const std::string control = settings.control;
  const auto listen = settings.metrics;
  Daemon balancer(
      io.get_executor(), std::move(settings), [&] { return read_settings(config); }, *dataplane, print);
  lblab::http::Server server(io.get_executor());
  daemon::serve_control(server, balancer);
  // Where another lbd answers this fails, before anything is touched.
  server.listen(control);
  lblab::http::Server metrics(io.get_executor());
  daemon::serve_metrics(metrics, balancer);
  if (listen) metrics.listen(listen->address, listen->port);
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(io, follow_signals(signals, balancer), rethrow);
  asio::co_spawn(io, balancer.run(), [&](std::exception_ptr failure) {
    rethrow(failure);
    io.stop();
  });
  io.run();
  return 0;
}

/// Asks the lbd at this control socket to hand over, and waits until it has ended.
asio::awaitable<void> ask_to_hand_over(std::string control) {
  const auto executor = co_await asio::this_coro::executor;
  constexpr std::chrono::seconds limit{5};
  // Named: g++ 12 destroys braced arguments of a co_await twice.
  const lblab::http::Endpoint lbd{control};
  const lblab::http::Request get_state{"GET", "/state", ""}, post_handover{"POST", "/handover", ""};
  const auto state = co_await lblab::http::fetch(lbd, get_state, limit);
  const pid_t pid = nlohmann::json::parse(state.body).at("pid");
  asio::posix::stream_descriptor process(
      executor,
      lblab::sys::check("find the running lbd", static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  const auto answer = co_await lblab::http::fetch(lbd, post_handover, limit);
  if (answer.status != 200) throw std::runtime_error("the running lbd refuses: " + answer.body);
  co_await process.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

int hand_over(const std::string& control) {
  asio::io_context io(1);
  bool done = false;
  asio::co_spawn(io, ask_to_hand_over(control), [&](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    done = true;
  });
  io.run_for(std::chrono::seconds(10));
  if (!done) throw std::runtime_error("the running lbd does not end");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "A load balancer: IPVS or another dataplane, health checks, and BGP through exabgp. SIGTERM takes "
      "everything down in order; "
      "after SIGKILL, a "
      "crash or --handover the next lbd goes on with what is in the kernel. SIGHUP reads the configuration "
      "anew.");
  std::string config;
  bool check = false, handover = false;
  app.add_option("--config", config, "the configuration (YAML)")->required();
  app.add_flag("--check", check, "only say what is wrong with the configuration");
  app.add_flag("--handover", handover, "ask the running lbd to end and to leave everything in place");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    auto [settings, mistakes] = read_settings(config);
    for (const auto& mistake : mistakes) std::cerr << mistake << "\n";
    if (!settings) return 2;
    if (check) return 0;
    if (handover) return hand_over(settings->control);
    return serve(config, std::move(*settings));
  } catch (const std::exception& e) {
    std::cerr << "lbd: " << e.what() << "\n";
    return 1;
  }
}
