#pragma once

#include <fmt/core.h>

#include <string>

#include "lab/model/lab.hpp"

/// A Lab as text, close to how `ip` would show it: for golden files, and for people who look at a failing
/// test.
namespace lblab::test {

inline std::string text(const model::Link& link) {
  struct Kind {
    std::string operator()(const model::Veth& v) const {
      return "veth to " + v.peer_host + ":" + v.peer_link;
    }
    std::string operator()(const model::VethPeer&) const { return "veth"; }
    std::string operator()(const model::Bridge&) const { return "bridge"; }
    std::string operator()(const model::Vxlan& v) const {
      return fmt::format("vxlan {} on {}", v.id, v.underlay);
    }
    std::string operator()(const model::Ipip& i) const {
      return fmt::format("ipip local {} remote {}", i.local ? i.local->str() : "any",
                         i.remote ? i.remote->str() : "any");
    }
    std::string operator()(const model::Tun&) const { return "tun"; }
    std::string operator()(const model::Loopback&) const { return "loopback"; }
  };
  auto line = link.name + " " + std::visit(Kind{}, link.kind);
  if (!link.master.empty()) line += " master " + link.master;
  if (!link.alias.empty()) line += " alias " + link.alias;
  if (link.mtu) line += fmt::format(" mtu {}", link.mtu);
  for (const auto& address : link.addresses) line += " " + address.str();
  return line;
}

inline std::string text(const model::Route& route) {
  const char* const types[] = {"", "local ", "blackhole ", "unreachable "};
  auto line = types[static_cast<int>(route.type)] + route.destination.str();
  for (const auto& hop : route.next_hops) {
    if (hop.via) line += " via " + hop.via->str();
    if (!hop.link.empty()) line += " dev " + hop.link;
  }
  if (route.advmss) line += fmt::format(" advmss {}", route.advmss);
  return route.table == 254 ? line : fmt::format("{} table {}", line, route.table);
}

inline std::string text(const model::Process& process) {
  std::string line = process.name + ":";
  for (const auto& word : process.argv) line += " " + word;
  if (process.ready.when == model::Ready::When::output)
    line += fmt::format(" # ready at /{}/", process.ready.pattern);
  return line;
}

inline std::string text(const model::Host& host) {
  auto lines = fmt::format("{} ({})\n", host.name, host.role);
  for (const auto& link : host.links) lines += "  link " + text(link) + "\n";
  for (const auto& route : host.routes) lines += "  route " + text(route) + "\n";
  for (const auto& [key, value] : host.sysctls) lines += fmt::format("  sysctl {}={}\n", key, value);
  for (std::size_t at = 0; at < host.nftables.size();) {
    const auto end = host.nftables.find('\n', at);
    lines += "  nft " + host.nftables.substr(at, end - at) + "\n";
    at = end == std::string::npos ? end : end + 1;
  }
  for (const auto& file : host.files) lines += "  file " + file.path + "\n";
  for (const auto& process : host.processes) lines += "  process " + text(process) + "\n";
  return lines;
}

inline std::string text(const model::Lab& lab) {
  auto lines = "lab " + lab.name + "\n";
  for (const auto& [name, host] : lab.hosts) lines += "\n" + text(host);
  return lines;
}

}  // namespace lblab::test
