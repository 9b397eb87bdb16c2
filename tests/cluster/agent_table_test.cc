#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// Table 3.1 of the papers, which compares BGP agents by what the architecture needs of them, measured: a lab
/// for each agent as route reflector, with every agent as router and as announcer in it. docs/agents.md is
/// what comes of it.
namespace lblab {
namespace {

using fixtures::LabUnderTest;
using nlohmann::json;

constexpr std::array agents{"exabgp", "gobgp", "frr", "bird"};  // the names of services, too
constexpr std::array reflectors{"gobgp", "frr", "bird"};        // of routers, too
const std::set<std::string> both{"10.0.0.105", "10.0.0.106"};   // nodes of a service's two load balancers

std::string prefix_of(std::string_view announcer) {
  return fmt::format("10.1.{}.0/24", std::ranges::find(agents, announcer) - agents.begin() + 1);
}

/// What is known of an agent after all labs: in how many of the cases that there were it did as it must.
struct Tally {
  int good = 0, all = 0;
  void add(bool is_good) { good += is_good, ++all; }
};
struct Table {
  std::map<std::string, Tally> announced, passed_on, by_range, installed;
  std::map<std::string, std::set<std::string>> written_by;  // as the kernel tells: a route's protocol
};

const std::map<std::string, std::string> configurations{
    {"gobgp", "/run/gobgpd/gobgpd.yaml"}, {"frr", "/run/frr/bgpd.conf"}, {"bird", "/run/bird/bird.conf"}};

std::string address_of(const LabUnderTest& lab, const std::string& pod) {
  return json::parse(
      lab.must_in(pod, {"ip", "-j", "-4", "address", "show", "eth0"}))[0]["addr_info"][0]["local"];
}

void measure(const std::string& reflector, Table& table) {
  std::vector<std::string> settings;
  for (const auto* one : reflectors)
    settings.push_back(fmt::format("nodes.rr-{}.bgp.agent={}", one, reflector));
  const LabUnderTest lab(LBLAB_PROGRAM, AGENTS_TOPOLOGY, "agents-" + reflector, settings);
  for (const std::string router : reflectors)
    for (const std::string announcer : agents) {
      const auto host = "router-" + router, prefix = prefix_of(announcer);
      const auto hops = lab.next_hops(host, prefix);
      table.announced[announcer].add(!hops.empty());
      table.passed_on[reflector].add(hops == both);
      table.installed[router].add(hops == both);
      for (const auto& route : json::parse(lab.must_in(host, {"ip", "-j", "route", "show", prefix})))
        table.written_by[router].insert(route.value("protocol", ""));
    }
  // Its load balancers are peers by their range: nobody told it their addresses.
  const auto configuration = lab.must("exec rr-gobgp cat " + configurations.at(reflector));
  for (const std::string announcer : agents)
    for (const auto* number : {"1", "2"})
      table.by_range[reflector].add(configuration.find(address_of(lab, announcer + "-lb-" + number)) ==
                                    configuration.npos);
}

std::string cell(const std::map<std::string, Tally>& tallies, const std::string& agent) {
  const auto found = tallies.find(agent);
  return found == tallies.end() ? "-" : fmt::format("{} of {}", found->second.good, found->second.all);
}

std::string row(const std::string& name, const std::map<std::string, Tally>& tallies) {
  std::string cells;
  for (const auto* agent : agents) cells += fmt::format(" {} |", cell(tallies, agent));
  return fmt::format("| {} |{}\n", name, cells);
}

std::string writers(const Table& table) {
  std::string cells;
  for (const auto* agent : agents) {
    const auto found = table.written_by.find(agent);
    cells +=
        found == table.written_by.end() ? " - |" : fmt::format(" `{}` |", fmt::join(found->second, "`, `"));
  }
  return fmt::format("| its protocol there |{}\n", cells);
}

std::string document(const Table& table) {
  return std::string(R"(# BGP agents compared

What a load balancer, a route reflector and a router need of a BGP agent, as in Table 3.1 of the papers; but measured: a lab for each
agent as reflector, in which every agent is a router and every agent announces a service for two load balancers. A test
(`cluster.agents`) measures it anew and compares. exabgp neither reflects routes nor writes them to a kernel.

|  | exabgp | gobgpd | FRR | bird |
| --- | --- | --- | --- | --- |
)") +
         row("as announcer: the routers of all agents learn its route, by the reflectors of all",
             table.announced) +
         row("as reflector: takes load balancers as peers by their range of addresses", table.by_range) +
         row("as reflector: passes on both paths (add-path, RFC 7911)", table.passed_on) +
         row("as router: has both next hops in its kernel's route", table.installed) + writers(table) +
         R"(
gobgpd itself leaves the kernel alone: what writes beside it is `fibd` (docs/design.md). FRR's zebra and bird write by themselves.
What makes them announce is `lbd-announce`: exabgp starts it and reads its output; beside the others it is a process of its own.
)";
}

TEST(AgentTable, IsWhatTheLabsShow) {
  Table table;
  for (const auto* reflector : reflectors) measure(reflector, table);
  const auto made = document(table);
  const auto wanted = std::filesystem::temp_directory_path() / "agents.md";
  std::ofstream{wanted} << made;
  EXPECT_EQ(sys::read_file(AGENT_TABLE), made)
      << "what was measured has changed: cp " << wanted.string() << " docs/agents.md";
}

}  // namespace
}  // namespace lblab
