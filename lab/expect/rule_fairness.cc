#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/hops.hpp"
#include "lab/expect/statistics.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using Over = model::FairnessExpectation::Over;

/// Below so many expected in a bin the chi-square distribution is no good approximation (Cochran's rule).
constexpr long fewest_in_a_bin = 5;

/// One choice of the router and of a load balancer.
struct Pick {
  std::string hop, server;
};

std::string server_of(const std::string& told, const Names& names) {
  const std::string host = names.host_of(without_port(told));
  return host.empty() ? told : host;
}

/// Of requests, each a connection of its own; where there are none, of UDP flows, each once. Since the last
/// change of a route, for before it the choice was another.
std::vector<Pick> picks(const Trial& trial, double since) {
  std::vector<Pick> all;
  const auto& records = trial.all.evidence.records;
  for (const auto& request : records.requests)
    if (request.end == probe::Request::End::answered && seconds(request.began) >= since &&
        seconds(request.due) < trial.end())
      all.push_back({hop_of(request.seen, trial.names), server_of(request.server, trial.names)});
  if (!records.requests.empty()) return all;
  for (const auto& flow : trial.all.udp.flows())
    for (const auto& datagram : flow.datagrams)
      if (datagram.answered && datagram.sent >= since && datagram.sent < trial.end()) {
        all.push_back({hop_of(datagram.seen, trial.names), server_of(datagram.server, trial.names)});
        break;
      }
  return all;
}

using Counts = std::map<std::string, long>;

/// Counts by next hop, also of those in the route that got none.
Counts over_hops(const Trial& trial, const std::vector<Pick>& picks) {
  Counts counts;
  Set used;
  for (const auto& pick : picks)
    if (!pick.hop.empty()) ++counts[pick.hop], used.insert(pick.hop);
  if (const auto route = route_to(used, trial); route.life)
    for (const auto& hop : route.hops(trial.end(), trial.names)) counts.try_emplace(hop, 0);
  return counts;
}

/// Those that the load balancers' tables have; where no table was seen, the service's pods.
Set real_servers(const Trial& trial) {
  Set all;
  for (const auto& [host, life] : trial.all.facts.real_servers)
    for (const auto& address : value_at(life, trial.end())) all.insert(server_of(address, trial.names));
  if (!all.empty()) return all;
  const auto& traffic = trial.all.scenario.traffic;
  const std::string service = traffic.http ? traffic.http->to : traffic.udp ? traffic.udp->to : "";
  for (const auto& pod : trial.names.real_servers(service)) all.insert(pod);
  return all;
}

Counts over_servers(const Trial& trial, const std::vector<Pick>& picks) {
  Counts counts;
  for (const auto& server : real_servers(trial)) counts[server] = 0;
  for (const auto& pick : picks) ++counts[pick.server];
  return counts;
}

std::vector<std::vector<long>> table(const std::vector<Pick>& picks, const Counts& hops,
                                     const Counts& servers) {
  std::vector<std::vector<long>> counts(hops.size(), std::vector<long>(servers.size()));
  for (const auto& pick : picks) {
    const auto row = hops.find(pick.hop);
    if (row == hops.end()) continue;
    ++counts[static_cast<size_t>(std::distance(hops.begin(), row))]
            [static_cast<size_t>(std::distance(servers.begin(), servers.find(pick.server)))];
  }
  return counts;
}

std::vector<long> values(const Counts& counts) {
  std::vector<long> all;
  for (const auto& [name, n] : counts) all.push_back(n);
  return all;
}

std::string text(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, n] : counts) parts.push_back(fmt::format("{} {}", name, n));
  return join(parts);
}

/// Each next hop's own shares: who gets what from whom.
std::vector<std::string> rows(const std::vector<Pick>& picks, const Counts& hops) {
  std::vector<std::string> lines;
  for (const auto& [hop, n] : hops) {
    Counts of_hop;
    for (const auto& pick : picks)
      if (pick.hop == hop) ++of_hop[pick.server];
    lines.push_back(fmt::format("by {}: {}", hop, text(of_hop)));
  }
  return lines;
}

std::vector<std::string> extremes(const Counts& counts, long total) {
  const double fair = static_cast<double>(total) / static_cast<double>(counts.size());
  std::vector<std::string> lines;
  for (const auto& [name, n] : counts)
    if (static_cast<double>(n) < fair / 2 || static_cast<double>(n) > fair * 1.5)
      lines.push_back(fmt::format("{} got {} where {:.0f} would be its share", name, n, fair));
  return lines;
}

bool has_one_way(const Counts& counts) {
  return counts.size() > 1 &&
         std::ranges::count_if(counts, [](const auto& one) { return one.second > 0; }) == 1;
}

/// Real servers that load balancers weigh differently.
std::vector<std::string> uneven_weights(const Trial& trial) {
  std::vector<std::string> lines;
  for (const auto& [host, life] : trial.all.facts.weights) {
    const auto weights = value_at(life, trial.end());
    Set kinds;
    std::vector<std::string> parts;
    for (const auto& [address, weight] : weights) {
      kinds.insert(std::to_string(weight));
      parts.push_back(fmt::format("{} {}", trial.names.label(address), weight));
    }
    if (kinds.size() > 1) lines.push_back(fmt::format("weights in {}: {}", host, join(parts)));
  }
  return lines;
}

}  // namespace

Ruling rule(const model::FairnessExpectation& e, const Trial& trial) {
  const auto changes = route_changes(trial.all, trial.window.from, trial.end());
  const auto all = picks(trial, changes.empty() ? trial.window.from : changes.back());
  const Counts hops = over_hops(trial, all), servers = over_servers(trial, all);
  const auto total = static_cast<long>(all.size());
  if (total == 0) return {Outcome::inconclusive, "nothing was answered in the window"};
  if (e.over != Over::real_servers && hops.empty())
    return {Outcome::inconclusive,
            "the servers saw no load balancer's address: nobody can tell the next hops"};
  const auto bins = e.over == Over::next_hops      ? hops.size()
                    : e.over == Over::real_servers ? servers.size()
                                                   : hops.size() * servers.size();
  const Counts& counts = e.over == Over::next_hops ? hops : servers;
  Ruling ruling{.outcome = Outcome::passed, .unit = "p"};
  if (total < fewest_in_a_bin * static_cast<long>(bins)) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen = fmt::format("only {} over {} bins: too few to tell", total, bins);
    return ruling;
  }
  const auto weights = uneven_weights(trial);
  const double p =
      e.over == Over::both ? p_of_independence(table(all, hops, servers)) : p_of_even(values(counts));
  ruling.measured = p;
  ruling.seen = fmt::format("p = {:.2g} of {}: {}", p, total,
                            e.over == Over::both ? text(hops) + "; " + text(servers) : text(counts));
  if (p >= e.p) return ruling;
  ruling.outcome = Outcome::failed;
  ruling.causes = e.over == Over::both ? rows(all, hops) : extremes(counts, total);
  if (e.over == Over::next_hops && has_one_way(hops))
    ruling.causes.push_back(
        "all went one way: a hash over addresses alone (fib_multipath_hash_policy=0) sends one client to one "
        "next hop");
  if (e.over == Over::real_servers) ruling.causes.insert(ruling.causes.end(), weights.begin(), weights.end());
  return ruling;
}

}  // namespace lblab::expect
