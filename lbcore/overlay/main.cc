// overlayd: IP packets between nodes, each in a UDP datagram, through a TUN device.
#include <linux/rtnetlink.h>
#include <sys/inotify.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lab/nl/events.hpp"
#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lbcore/folder_watch.hpp"
#include "lbcore/overlay/settings.hpp"
#include "lbcore/overlay/tunnel.hpp"

namespace {

namespace asio = boost::asio;
namespace nl = lblab::nl;
using namespace lbcore;
using nlohmann::json;

void print(const json& event) {
  std::cout << event.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

overlay::Parsed read(const std::string& path) try {
  return overlay::parse(lblab::sys::read_file(path));
} catch (const lblab::sys::SystemError& error) {
  return {std::nullopt, {{0, 0, error.what(), ""}}};
}

json counted(const overlay::Counters& counters) {
  return {{"event", "counters"},
          {"sent", counters.sent},
          {"delivered", counters.delivered},
          {"without-route", counters.without_route},
          {"not-sent", counters.not_sent},
          {"from-strangers", counters.from_strangers},
          {"malformed", counters.malformed},
          {"not-delivered", counters.not_delivered}};
}

/// A TUN device without carrier, or down, loses what it is given.
asio::awaitable<nl::Link> until_up(std::string device) {
  const auto executor = co_await asio::this_coro::executor;
  const auto here = lblab::sys::Netns::current();
  const std::array<unsigned, 1> groups{RTNLGRP_LINK};
  nl::EventSocket changes{here, groups};
  asio::posix::stream_descriptor readable{executor, lblab::sys::duplicate(changes.fd()).release()};
  nl::Socket socket;
  for (;;) {
    auto link = nl::link_named(socket, device);
    if (link.up && link.carrier) co_return link;
    co_await readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    changes.read([](const nlmsghdr&) {});
  }
}

asio::awaitable<void> announce(overlay::Settings settings) {
  const auto link = co_await until_up(settings.device);
  print({{"event", "ready"},
         {"device", settings.device},
         {"mtu", link.mtu},
         {"listen", settings.listen.str() + ":" + std::to_string(settings.port)},
         {"routes", settings.routes.size()}});
}

/// The routes are the file's, as it changes. What else changes in it takes a new process.
asio::awaitable<void> follow(std::string path, overlay::Settings settings, overlay::Tunnel& tunnel) {
  const auto executor = co_await asio::this_coro::executor;
  const auto absolute = std::filesystem::absolute(path);
  FolderWatch watch(executor, absolute.parent_path(), IN_CLOSE_WRITE | IN_MOVED_TO);
  for (;;) {
    const auto names = co_await watch.changed();
    if (std::ranges::none_of(names, [&](const auto& n) { return n.empty() || n == absolute.filename(); }))
      continue;
    auto [fresh, mistakes] = read(path);
    if (fresh && std::tie(fresh->device, fresh->listen, fresh->port) !=
                     std::tie(settings.device, settings.listen, settings.port))
      mistakes.push_back({1, 1, "device, listen or port is another", "start overlayd anew"});
    if (mistakes.empty()) {
      tunnel.set_routes(overlay::Routes{*fresh});
      print({{"event", "routes"}, {"routes", fresh->routes.size()}});
      continue;
    }
    json texts = json::array();
    for (const auto& mistake : mistakes) texts.push_back(format(mistake, path));
    print({{"event", "refused"}, {"mistakes", texts}});
  }
}

asio::awaitable<void> heed_signals(asio::signal_set& signals, overlay::Tunnel& tunnel, asio::io_context& io) {
  for (;;) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    print(counted(tunnel.counters()));
    if (number != SIGUSR1) io.stop();
  }
}

void carry(const std::string& path, const overlay::Settings& settings) {
  std::signal(SIGPIPE, SIG_IGN);  // who reads the events may go before us
  asio::io_context io(1);
  asio::signal_set signals(io, SIGTERM, SIGINT, SIGUSR1);
  overlay::Tunnel tunnel(io.get_executor(), settings, overlay::open_device(settings.device),
                         overlay::open_socket(settings));
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(io, heed_signals(signals, tunnel, io), rethrow);
  asio::co_spawn(io, tunnel.send(), rethrow);
  asio::co_spawn(io, tunnel.deliver(), rethrow);
  asio::co_spawn(io, follow(path, settings, tunnel), rethrow);
  asio::co_spawn(io, announce(settings), rethrow);
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Wraps IP packets of a TUN device in UDP, to the nodes that have their destinations. The routes in its "
      "file are followed as they change. SIGUSR1 prints counters."};
  std::string config;
  bool check = false;
  app.add_option("--config", config, "device, listen, port, peers and routes (YAML)")->required();
  app.add_flag("--check", check, "only say what is wrong with the configuration");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto [settings, mistakes] = read(config);
  for (const auto& mistake : mistakes) std::cerr << format(mistake, config) << '\n';
  if (!settings) return 2;
  if (check) return 0;
  try {
    carry(config, *settings);
  } catch (const std::exception& error) {
    std::cerr << "overlayd: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
