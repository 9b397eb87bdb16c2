// lblab-probe: what a scenario sends through a lab, and what comes back, recorded.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lab/probe/connect.hpp"
#include "lab/probe/echo.hpp"
#include "lab/probe/flows.hpp"
#include "lab/probe/http.hpp"
#include "lab/probe/jitter.hpp"
#include "lab/probe/record_file.hpp"
#include "lab/probe/requests.hpp"
#include "lab/probe/udp.hpp"
#include "lab/sys/error.hpp"

namespace {

using namespace lblab;
using namespace lblab::probe;

/// What a command line says, of whichever command. Durations are nanoseconds.
struct Options {
  std::string to, own, record;
  std::uint16_t port = 0;
  std::int64_t linger = 300'000'000, http_timeout = 5'000'000'000, connect_timeout = 3'000'000'000,
               interval = 100'000'000, period = 5'000'000;
  UdpSettings udp;
  HttpSettings http;
  FlowsSettings flows;
  RequestsSettings requests;
  EchoSettings echo{.udp = false, .tcp = false};

  Endpoint target() const { return {*sys::Address::parse(to), port}; }
};

/// What it asks for; gives the exit status.
using Action = std::function<int()>;

// --- what is said on standard output ---

void say(const nlohmann::json& event) {
  std::cout << event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void say_running(const std::string& kind) { say({{"event", "probe"}, {"kind", kind}, {"state", "running"}}); }

// --- what is done ---

/// Better now than when there is something to lose.
void check_writable(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  sys::check("write " + file, ::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK));
}

/// Runs a probe until a signal ends it, then writes what it recorded.
template <class P, class Settings>
int record(const std::string& kind, const Options& options, const Settings& settings) {
  check_writable(options.record);
  Loop loop;
  P probe(loop, settings);
  drive(loop, probe, nanoseconds{options.linger}, [&] { say_running(kind); });
  sys::write_file(options.record, text_of(probe.finish()));
  say({{"event", "probe"}, {"kind", kind}, {"state", "done"}, {"file", options.record}});
  return 0;
}

int run_udp(const Options& options) {
  auto settings = options.udp;
  settings.to = options.target();
  return record<UdpProbe>("udp", options, settings);
}

int run_http(const Options& options) {
  auto settings = options.http;
  settings.to = options.target();
  settings.timeout = nanoseconds{options.http_timeout};
  return record<HttpProbe>("http", options, settings);
}

int run_flows(const Options& options) {
  auto settings = options.flows;
  settings.to = options.target();
  settings.interval = nanoseconds{options.interval};
  return record<FlowsProbe>("flows", options, settings);
}

int run_jitter(const Options& options) {
  return record<JitterProbe>("jitter", options, JitterSettings{nanoseconds{options.period}});
}

int run_echo(const Options& options) {
  auto settings = options.echo;
  settings.port = options.port;
  settings.own = sys::Address::parse(options.own);
  if (!settings.udp && !settings.tcp) settings.udp = settings.tcp = true;
  Loop loop;
  Echo probe(loop, settings);
  drive(loop, probe, nanoseconds{0}, [] { say_running("echo"); });
  return 0;
}

int run_connect(const Options& options) {
  const auto event = connect_once(options.target(), nanoseconds{options.connect_timeout});
  say(event);
  return event.contains("error") ? 1 : 0;
}

int run_requests(const Options& options) {
  auto settings = options.requests;
  settings.to = options.target();
  say(request_in_turn(settings));
  return 0;
}

// --- the command line ---

const CLI::Validator is_address(
    [](const std::string& text) {
      return sys::Address::parse(text) ? "" : "\"" + text + "\" is not an IPv4 or IPv6 address";
    },
    "");

template <class Number>
void add_number(CLI::App& app, const std::string& name, Number& value, int most, const std::string& about) {
  app.add_option(name, value, about)
      ->check(CLI::Range(1, most).description(""))
      ->type_name("NUMBER")
      ->capture_default_str();
}

/// The default is said in `about`: CLI11 would take the bare number for one without a unit.
void add_duration(CLI::App& app, const std::string& name, std::int64_t& value, std::int64_t least,
                  const std::string& about) {
  constexpr std::int64_t hour = 3'600'000'000'000;
  app.add_option(name, value, about)
      ->transform(CLI::AsNumberWithUnit(
                      std::map<std::string, std::int64_t>{
                          {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}},
                      CLI::AsNumberWithUnit::UNIT_REQUIRED)
                      .description(""))
      ->check(CLI::Range(least, hour).description(""))
      ->type_name("DURATION");
}

void add_port(CLI::App& app, Options& options, const std::string& about) {
  app.add_option("--port", options.port, about)
      ->required()
      ->check(CLI::Range(1, 65'535).description(""))
      ->type_name("PORT");
}

void add_target(CLI::App& app, Options& options) {
  app.add_option("--to", options.to, "whom to ask")->required()->check(is_address)->type_name("ADDRESS");
  add_port(app, options, "at which port");
}

void add_record(CLI::App& app, Options& options) {
  app.add_option("--record", options.record, "where the record goes, at the end")
      ->required()
      ->type_name("FILE");
  add_duration(app, "--linger", options.linger, 0, "how long to wait for late answers at the end (300ms)");
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& about,
                      const Options& options, Action& action, int (*run)(const Options&)) {
  auto& command = *app.add_subcommand(name, about);
  command.callback([&options, &action, run] { action = [&options, run] { return run(options); }; });
  return command;
}

void add_servers(CLI::App& app, Options& options, Action& action) {
  auto& echo =
      add_command(app, "echo", "a server that tells who it is, and whom it sees", options, action, run_echo);
  add_port(echo, options, "where to listen, on every address");
  echo.add_flag("--udp", options.echo.udp, "only for `udp`");
  echo.add_flag("--tcp", options.echo.tcp, "only for `connect`");
  echo.add_option("--own", options.own, "who it says it is (the address that was asked)")
      ->check(is_address)
      ->type_name("ADDRESS");
}

void add_probes(CLI::App& app, Options& options, Action& action) {
  auto& udp = add_command(app, "udp", "datagrams at a fixed rate, echoed: loss, order, outage", options,
                          action, run_udp);
  add_target(udp, options);
  add_number(udp, "--flows", options.udp.flows, 10'000, "source ports, in turn");
  add_number(udp, "--rate", options.udp.rate, 100'000, "datagrams a second, over all flows");
  add_record(udp, options);

  auto& http =
      add_command(app, "http", "requests at a fixed rate, a connection each", options, action, run_http);
  add_target(http, options);
  add_number(http, "--rate", options.http.rate, 10'000, "requests a second");
  add_duration(http, "--timeout", options.http_timeout, 1, "of a request, from connecting on (5s)");
  add_record(http, options);

  auto& flows =
      add_command(app, "flows", "connections that are kept, and talk both ways", options, action, run_flows);
  add_target(flows, options);
  add_number(flows, "--count", options.flows.count, 10'000, "connections");
  add_duration(flows, "--interval", options.interval, 1'000'000, "between the requests of one (100ms)");
  add_record(flows, options);

  auto& jitter =
      add_command(app, "jitter", "how late this machine wakes a thread", options, action, run_jitter);
  add_duration(jitter, "--period", options.period, 100'000, "between two wakes (5ms)");
  add_record(jitter, options);

  auto& requests = add_command(app, "requests", "connections of so many requests, one after the other",
                               options, action, run_requests);
  add_target(requests, options);
  requests
      .add_option("--count", options.requests.counts, "requests of a connection; may be given several times")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->type_name("NUMBER")
      ->allow_extra_args(false)
      ->take_all();
  add_number(requests, "--times", options.requests.times, 10'000, "how often those connections");
  requests.add_flag("--busy", options.requests.counts_busy_time,
                    "tell how long the machine's processors were busy meanwhile");

  auto& connect = add_command(app, "connect", "one connection to `echo`: whom does it see?", options, action,
                              run_connect);
  add_target(connect, options);
  add_duration(connect, "--timeout", options.connect_timeout, 1, "until it is given up (3s)");
}

/// Connections that nobody answers pile up until they time out.
void allow_many_descriptors() {
  rlimit limit{};
  sys::check("ask for the limit of descriptors", ::getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  sys::check("raise the limit of descriptors", ::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Probes of a lab. Each runs until SIGTERM or SIGINT, then writes its record: JSON lines, times in "
      "nanoseconds of CLOCK_MONOTONIC."};
  app.require_subcommand(1);
  Options options;
  Action action;
  add_probes(app, options, action);
  add_servers(app, options, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    std::signal(SIGPIPE, SIG_IGN);
    allow_many_descriptors();
    return action();
  } catch (const std::exception& error) {
    std::cerr << "lblab-probe: " << error.what() << "\n";
    return 1;
  }
}
