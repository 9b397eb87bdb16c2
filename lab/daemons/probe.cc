#include "lab/daemons/probe.hpp"

#include <fmt/core.h>

namespace lblab::daemons::probe {

namespace {

constexpr const char* program = "lblab-probe";
constexpr milliseconds writing_takes{10'000};  // a long record, under emulation

Program probe(const std::string& name, std::vector<std::string> arguments) {
  Program made;
  made.process.name = "probe-" + name;
  made.process.argv = {program};
  made.process.argv.insert(made.process.argv.end(), arguments.begin(), arguments.end());
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("state":"running")"};
  made.process.restart = model::Restart::never;
  made.process.stop_grace = writing_takes;
  made.process.needs = {fmt::format("program:{}", program)};
  return made;
}

Program recorder(const std::string& kind, const Address& to, std::uint16_t port,
                 std::vector<std::string> arguments) {
  std::vector<std::string> all{kind,       "--to",           to.str(), "--port", std::to_string(port),
                               "--record", record_path(kind)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return probe(kind, std::move(all));
}

Program echo(const char* transport, std::uint16_t port) {
  auto made = probe(fmt::format("echo-{}", transport),
                    {"echo", fmt::format("--{}", transport), "--port", std::to_string(port)});
  made.process.restart = model::Restart::after_backoff;
  made.process.stop_grace = milliseconds{2'000};
  return made;
}

}  // namespace

std::string record_path(const std::string& kind) { return fmt::format("/run/probe-{}.jsonl", kind); }

Program udp_echo(std::uint16_t port) { return echo("udp", port); }
Program tcp_echo(std::uint16_t port) { return echo("tcp", port); }

Program udp(const model::UdpTraffic& traffic, const Address& to, std::uint16_t port) {
  return recorder("udp", to, port,
                  {"--flows", std::to_string(traffic.flows), "--rate", std::to_string(traffic.rate)});
}

Program http(const model::HttpTraffic& traffic, const Address& to, std::uint16_t port) {
  return recorder("http", to, port,
                  {"--rate", std::to_string(traffic.rate), "--timeout", duration(traffic.timeout)});
}

Program flows(const model::FlowTraffic& traffic, const Address& to, std::uint16_t port) {
  return recorder("flows", to, port,
                  {"--count", std::to_string(traffic.count), "--interval", duration(traffic.interval)});
}

Program jitter() { return probe("jitter", {"jitter", "--record", record_path("jitter")}); }

std::vector<std::string> connect_command(const Address& to, std::uint16_t port) {
  return {program, "connect", "--to", to.str(), "--port", std::to_string(port)};
}

}  // namespace lblab::daemons::probe
