#include "lab/cli/first_look.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/show.hpp"

namespace lblab::cli {

namespace {

constexpr int answers_wanted = 12;

std::map<std::string, std::string> hosts_by_address(const nlohmann::json& inspected) {
  std::map<std::string, std::string> hosts;
  for (const auto& [name, host] : inspected["hosts"].items())
    for (const auto& a : host["addresses"]) {
      const std::string address = a["address"];
      hosts[address.substr(0, address.find('/'))] = name;
    }
  return hosts;
}

std::string answers(const std::string& lab, const std::string& client, const model::Service& service,
                    const std::map<std::string, std::string>& hosts) {
  const std::string url =
      fmt::format("http://{}:{}/", (service.addresses.network().address + 1).str(), service.port);
  std::vector<std::string> argv{"curl", "-sS", "--max-time", "10", "-H", "Connection: close", "-w", "\\n"};
  for (int i = 0; i < answers_wanted; ++i) argv.push_back(url);
  const Output fetched = run_in(lab, client, argv);
  std::string text = fmt::format("\nanswers to {} from {}\n", client, url);
  std::istringstream lines{fetched.out};
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const auto host = hosts.find(line);
    text += fmt::format("  {:2}  {:<15} {}\n", ++count, line, host == hosts.end() ? "" : host->second);
  }
  if (fetched.code != 0 || count != answers_wanted)
    throw Failure{lab_fault, fmt::format("{} got {} answers of {} from {}: {}", client, count, answers_wanted,
                                         url, fetched.err)};
  return text;
}

}  // namespace

std::string first_look(const std::string& lab, const model::Cluster& cluster) {
  const auto inspected = ask(lab, "GET", "/inspect");
  const auto hosts = hosts_by_address(inspected);
  std::string text = show(inspected);
  for (const auto& node : cluster.nodes) {
    if (node.role != model::Role::client) continue;
    for (const auto& service : cluster.services)
      if (service.load_balancers && service.load_balancers->replicas > 0 && service.pods.replicas > 0)
        text += answers(lab, node.name, service, hosts);
  }
  return text;
}

}  // namespace lblab::cli
