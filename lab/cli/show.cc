#include "lab/cli/show.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace lblab::cli {

using nlohmann::json;

namespace {

std::string routes(const json& all) {
  std::string text;
  for (const auto& [router, table] : all.items())
    for (const auto& [destination, next_hops] : table.items()) {
      text += fmt::format("\nroute in the kernel of {}\n  {}\n", router, destination);
      for (const auto& hop : next_hops) text += fmt::format("    next hop {}\n", hop.get<std::string>());
      if (next_hops.empty()) text += "    no route\n";
    }
  return text;
}

std::string sessions(const json& all) {
  if (all.empty()) return "";
  std::string text = "\nBGP sessions\n";
  for (const auto& s : all)
    text += fmt::format("  {:<8} with {:<15} {}\n", s["host"].get<std::string>(),
                        s["peer"].get<std::string>(), s["state"].get<std::string>());
  return text;
}

std::string table(const std::string& what, const std::string& host, const json& services) {
  std::string text = fmt::format("\n{} in {}\n", what, host);
  for (const auto& service : services) {
    text += fmt::format("  {} {}\n", service["service"].get<std::string>(),
                        service["scheduler"].get<std::string>());
    for (const auto& d : service["destinations"])
      text += fmt::format("    -> {:<21} {} weight {}\n", d["address"].get<std::string>(),
                          d["forwarding"].get<std::string>(), d["weight"].get<int>());
  }
  return text;
}

std::string tables(const json& inspected) {
  const auto of_ipvs = inspected.value("ipvs", json::object());
  const auto of_others = inspected.value("real-servers", json::object());
  std::string text;
  for (const auto& [host, services] : of_ipvs.items()) text += table("IPVS", host, services);
  for (const auto& [host, told] : of_others.items())
    text += table(told["dataplane"].get<std::string>(), host, told["services"]);
  return text;
}

std::string hosts(const json& inspected) {
  std::map<std::string, std::string> processes;
  for (const auto& p : inspected["processes"])
    processes[p["host"]] +=
        fmt::format(" {}{}", p["process"].get<std::string>(),
                    p["state"] == "ready" ? "" : "(" + p["state"].get<std::string>() + ")");
  std::string text = "\nhosts\n";
  for (const auto& [name, host] : inspected["hosts"].items()) {
    std::string addresses;
    for (const auto& a : host["addresses"])
      addresses += (addresses.empty() ? "" : " ") + a["address"].get<std::string>();
    text +=
        fmt::format("  {:<10} {:<15} {:<34}{}{}\n", name, host["role"].get<std::string>(), addresses,
                    host.contains("node") ? "on " + host["node"].get<std::string>() : "", processes[name]);
  }
  return text;
}

}  // namespace

std::string show(const json& inspected) {
  std::string text = fmt::format("lab {}\n", inspected["name"].get<std::string>());
  text += hosts(inspected) + sessions(inspected.value("sessions", json::array())) + tables(inspected) +
          routes(inspected["routes"]);
  for (const auto& missing : inspected["missing"]) text += "\nnot settled: " + missing.get<std::string>();
  return text;
}

}  // namespace lblab::cli
