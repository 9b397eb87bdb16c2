#include "lbcore/dataplane/keepalived_config.hpp"

#include <fmt/format.h>
#include <linux/ip_vs.h>

#include <algorithm>

namespace lbcore::dataplane::keepalived {

namespace {

std::string seconds(std::chrono::duration<double> time) { return fmt::format("{:.3f}", time.count()); }

std::string named(const ServiceKey& key) {
  if (const auto* by_mark = std::get_if<ByMark>(&key))
    return fmt::format("virtual_server fwmark {} {{\n{}", by_mark->mark,
                       by_mark->ipv6 ? "    ip_family inet6\n" : "");
  const auto& by_address = std::get<ByAddress>(key);
  std::string protocol = word(by_address.protocol);
  std::ranges::transform(protocol, protocol.begin(), [](char c) { return std::toupper(c); });
  return fmt::format("virtual_server {} {} {{\n    protocol {}\n", by_address.address.str(), by_address.port,
                     protocol);
}

const char* kind(Forwarding forwarding) {
  switch (forwarding) {
    case Forwarding::nat:
      return "NAT";
    case Forwarding::direct:
      return "DR";
    case Forwarding::tunnel:
      return "TUN";
  }
  return "?";
}

std::string flags(const VirtualService& service) {
  std::string text;
  if (service.flags & IP_VS_SVC_F_SCHED1) text += "    flag-1\n";
  if (service.flags & IP_VS_SVC_F_SCHED2) text += "    flag-2\n";
  if (service.flags & IP_VS_SVC_F_ONEPACKET) text += "    ops\n";
  if (service.flags & IP_VS_SVC_F_PERSISTENT)
    text += fmt::format("    persistence_timeout {}\n", service.persistence_timeout_s);
  return text;
}

/// The first failed check is followed by `retry` more before a server is down.
std::string checker(const HealthCheck& check) {
  if (check.kind == HealthCheck::Kind::none) return "";
  const bool http = check.kind == HealthCheck::Kind::http;
  return fmt::format(
      "        {} {{\n"
      "{}{}"
      "            connect_timeout {}\n"
      "            retry {}\n"
      "            delay_before_retry {}\n"
      "        }}\n",
      http ? "HTTP_GET" : "TCP_CHECK",
      http ? fmt::format("            url {{\n"
                         "                path {}\n"
                         "                status_code 200-399\n"
                         "            }}\n",
                         check.path)
           : "",
      check.port ? fmt::format("            connect_port {}\n", check.port) : "", seconds(check.timeout),
      check.fall - 1, seconds(check.interval));
}

std::string thresholds(const Destination& d) {
  std::string text;
  if (d.upper_threshold) text += fmt::format("        uthreshold {}\n", d.upper_threshold);
  if (d.lower_threshold) text += fmt::format("        lthreshold {}\n", d.lower_threshold);
  return text;
}

std::string real_server(const Destination& d, const HealthCheck& check, bool believed) {
  return fmt::format(
      "    real_server {} {} {{\n"
      "        weight {}\n"
      "{}{}{}"
      "    }}\n",
      d.address.str(), d.port, d.weight, thresholds(d),
      believed || check.kind == HealthCheck::Kind::none ? "" : "        alpha on\n", checker(check));
}

}  // namespace

std::string config(std::span<const Range> ranges, const Table& table, const std::set<Place>& believed,
                   const std::string& told) {
  std::string text = fmt::format(
      "# Written by lbd.\n"
      "global_defs {{\n"
      "    lvs_notify_fifo {}\n"
      "    rs_init_notifies\n"
      "}}\n",
      told);
  for (const auto& service : table) {
    if (service.destinations.empty()) continue;
    const auto range = std::ranges::find(ranges, service.key, key_of);
    const auto check = range == ranges.end() ? HealthCheck{} : range->health;
    text += fmt::format(
        "{}"
        "    lb_algo {}\n"
        "    lb_kind {}\n"
        "{}"
        "    delay_loop {}\n"
        "    warmup 0\n",
        named(service.key), service.scheduler, kind(service.destinations.front().forwarding), flags(service),
        seconds(check.interval));
    for (const auto& d : service.destinations)
      text += real_server(d, check, believed.contains({service.key, d.address, d.port}));
    text += "}\n";
  }
  return text;
}

bool has_work(const Table& table) {
  return std::ranges::any_of(table, [](const auto& service) { return !service.destinations.empty(); });
}

bool takes(std::string_view path) {
  return path.find_first_of(" \t\n\"'\\#!{}$@~") == std::string_view::npos;
}

}  // namespace lbcore::dataplane::keepalived
