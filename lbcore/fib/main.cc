// fibd: a router's forwarding table, kept in step with the gobgpd beside it.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

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

/// What the command line says of nexthop groups. Timers are whole seconds: of fractions, the kernel, which
/// keeps ticks of its own, may show others than it was given, and the next fibd would not know its groups.
struct GroupOptions {
  std::string kind = "plain";
  std::uint16_t buckets = nl::Nexthop::Resilient{}.buckets;
  std::int64_t idle_ms = nl::Nexthop::Resilient{}.idle_timer_s * 1'000;
  std::int64_t unbalanced_ms = nl::Nexthop::Resilient{}.unbalanced_timer_s * 1'000;

  void add_to(CLI::App& app, const CLI::Validator& duration) {
    app.add_option("--groups", kind,
                   "what the next hops of a route form; with resilient groups flows on next "
                   "hops that stay do not move when others come or go")
        ->check(CLI::IsMember({"plain", "resilient"}))
        ->capture_default_str();
    app.add_option("--buckets", buckets, "buckets of a resilient group: many times its next hops")
        ->check(CLI::Range(1, 65'535))
        ->capture_default_str();
    app.add_option("--idle", idle_ms,
                   "a bucket without packets for so long may move to a next hop that came (default 120s); "
                   "with 0s busy ones move as well")
        ->transform(duration);
    app.add_option("--unbalanced", unbalanced_ms,
                   "when a group has been out of balance for so long, busy buckets move (default 0s: never)")
        ->transform(duration);
  }
  /// The user's mistake, if there is one.
  std::optional<std::string> mistake(const CLI::App& app) const {
    for (const auto* option : {"--buckets", "--idle", "--unbalanced"})
      if (kind == "plain" && app.count(option) > 0) return std::string(option) + " is for --groups resilient";
    for (const auto& [option, ms] : {std::pair("--idle", idle_ms), std::pair("--unbalanced", unbalanced_ms)})
      if (ms < 0 || ms > longest_timer_ms || ms % 1'000 != 0)
        return std::string(option) + " takes whole seconds, from 0s to 1440m (a day)";
    return std::nullopt;
  }
  GroupKind made() const {
    if (kind == "plain") return std::nullopt;
    return nl::Nexthop::Resilient{buckets, static_cast<std::uint32_t>(idle_ms / 1'000),
                                  static_cast<std::uint32_t>(unbalanced_ms / 1'000)};
  }

 private:
  static constexpr std::int64_t longest_timer_ms = 24 * 3'600'000;  // a day; netlink could carry 497
};

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
  GroupOptions groups;
  groups.add_to(app, duration);
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
  if (const auto mistake = groups.mistake(app)) {
    std::cerr << "fibd: " << *mistake << '\n';
    return 2;
  }
  settings.groups = groups.made();
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
