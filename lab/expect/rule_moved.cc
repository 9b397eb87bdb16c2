#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/hops.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

/// A flow's way from one echo to the next, where it changed.
struct Move {
  int flow = 0;
  std::string from, to;      // nodes
  double began = 0, at = 0;  // when the last datagram went by the old way, and when the first came by the new
  bool is_needless = false;
};

struct Moves {
  std::vector<Move> all;
  Set used;        // next hops
  long flows = 0;  // whose next hop is known
};

Moves find_moves(const Trial& trial) {
  Moves moves;
  const auto& flows = trial.all.udp.flows();
  for (size_t flow = 0; flow < flows.size(); ++flow) {
    std::string hop;
    double last = 0;
    for (const auto& datagram : flows[flow].datagrams) {
      if (!datagram.answered || datagram.sent >= trial.end()) continue;
      const std::string now = hop_of(datagram.seen, trial.names);
      if (now.empty()) continue;
      if (!hop.empty() && now != hop && datagram.sent >= trial.window.from)
        moves.all.push_back({static_cast<int>(flow), hop, now, last, *datagram.answered});
      hop = now;
      last = datagram.sent;
      moves.used.insert(now);
    }
    moves.flows += hop.empty() ? 0 : 1;
  }
  return moves;
}

/// Did the route lead to the node all the time?
bool stood(const ServiceRoute& route, const std::string& node, double from, double to, const Names& names) {
  if (!route.hops(from, names).contains(node)) return false;
  return std::ranges::all_of(*route.life, [&](const Told<Set>& told) {
    return told.t < from || told.t > to || route.hops(told.t, names).contains(node);
  });
}

std::vector<std::string> names_text(const Set& nodes) { return {nodes.begin(), nodes.end()}; }

std::string set_text(const Trial& trial, const ServiceRoute& route) {
  const Set before = route.hops(trial.window.from, trial.names), after = route.hops(trial.end(), trial.names);
  return fmt::format("{}: {} via {} before, via {} after", route.router, route.destination,
                     join(names_text(before)), join(names_text(after)));
}

/// Flows that a perfectly consistent hash would move to next hops that came: their share.
double fair_share(const Trial& trial, const ServiceRoute& route, long flows) {
  const Set before = route.hops(trial.window.from, trial.names), after = route.hops(trial.end(), trial.names);
  const auto added = std::ranges::count_if(after, [&](const auto& hop) { return !before.contains(hop); });
  return after.empty() ? 0 : static_cast<double>(flows * added) / static_cast<double>(after.size());
}

}  // namespace

Ruling rule(const model::MovedExpectation& e, const Trial& trial) {
  if (trial.all.udp.empty()) return {Outcome::inconclusive, "no datagram was sent"};
  Moves moves = find_moves(trial);
  const ServiceRoute route = route_to(moves.used, trial);
  if (moves.flows == 0)
    return {Outcome::inconclusive,
            "the servers saw no load balancer's address: nobody can tell the next hops"};
  if (!route.life)
    return {Outcome::inconclusive, "no route was seen that leads to " + join(names_text(moves.used))};
  std::set<int> moved, needless;
  for (auto& move : moves.all) {
    // All of the window, not the time of the move: that a next hop has left is told a little after packets
    // know it.
    move.is_needless = stood(route, move.from, trial.window.from, trial.end(), trial.names);
    moved.insert(move.flow);
    if (move.is_needless) needless.insert(move.flow);
  }
  const auto n = static_cast<long>(needless.size()), minimum = static_cast<long>(moved.size()) - n;
  Ruling ruling{.outcome = n > e.needlessly ? Outcome::failed : Outcome::passed,
                .measured = static_cast<double>(n),
                .unit = "flows"};
  ruling.seen = fmt::format("{} of {} moved, {} of them needlessly ({} had to: their next hop left)",
                            moved.size(), count(moves.flows, "flow"), n, minimum);
  if (const double share = fair_share(trial, route, moves.flows); share > 0)
    ruling.seen += fmt::format("; the fair share of the next hops that came is {:.1f}", share);
  if (n > e.needlessly) {
    ruling.causes.push_back(set_text(trial, route));
    if (route_changes(trial.all, trial.window.from, trial.end()).empty())
      ruling.causes.push_back(
          "no route changed: the router hashes more than the packet's addresses, protocol and ports (with "
          "fib_multipath_hash_policy=1 a veth hands it the sender's own hash)");
    else
      ruling.causes.push_back(
          fmt::format("{}'s next-hop group is divided anew when one comes or goes, unless it is a resilient "
                      "one (for fibd: "
                      "bgp.groups: resilient)",
                      route.router));
    for (const auto& move : moves.all)
      if (move.is_needless && ruling.causes.size() < 12)
        ruling.causes.push_back(fmt::format(
            "flow {} went from {} to {} between {} and {} although {} stayed", move.flow, move.from, move.to,
            offset(move.began - trial.window.from), offset(move.at - trial.window.from), move.from));
  }
  if (is_blind(trial.all.facts, route.router, trial.window.from, trial.end()) && n > e.needlessly) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen += "; but an observer lost notifications";
  }
  return ruling;
}

}  // namespace lblab::expect
