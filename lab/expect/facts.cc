#include "lab/expect/facts.hpp"

#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/expect/names.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using nlohmann::json;

constexpr std::uint32_t main_table = 254;  // RT_TABLE_MAIN

double time_of(const json& event) { return event.value("t", 0.0); }
double earliest_of(const json& event) { return event.value("earliest", time_of(event)); }

/// Tells a set with one element more or less; nothing where that changes nothing.
void tell(Life<Set>& life, const json& event, const std::string& element, bool there) {
  Set now = life.empty() ? Set{} : life.back().value;
  const bool changed = there ? now.insert(element).second : now.erase(element) > 0;
  if (changed) life.push_back({earliest_of(event), time_of(event), std::move(now)});
}

void tell(Life<Set>& life, const json& event, Set now) {
  if (life.empty() ? !now.empty() : life.back().value != now)
    life.push_back({earliest_of(event), time_of(event), std::move(now)});
}

Set ways(const json& event) {
  Set all;
  for (const auto& hop : event.value("next-hops", json::array())) {
    const std::string via = text(hop, "via");
    all.insert(via.empty() ? "dev " + text(hop, "dev") : via);
  }
  if (all.empty()) all.insert(text(event, "type"));  // a way to nowhere: blackhole, unreachable, …
  return all;
}

bool is_learnt(const json& event) {
  static const Set by_hand{"kernel", "boot", "static"};
  const auto protocol = event.find("protocol");
  return protocol != event.end() &&
         !(protocol->is_string() && by_hand.contains(protocol->get<std::string>()));
}

}  // namespace

void Facts::take(const json& event) {
  const std::string kind = text(event, "event"), host = text(event, "host"), state = text(event, "state");
  if (kind == "route" && event.contains("destination")) take_route(event);
  if (kind == "path") take_path(event);
  if (kind == "process") take_process(event);
  if (kind == "session") tell(peers[host], event, text(event, "peer"), state == "up");
  if (kind == "ipvs" || kind == "real-servers") take_table(host, event);
  if (kind == "announce" && state != "refused")
    tell(announced[{host, text(event, "route")}], event, text(event, "next-hop"), state == "announced");
  if (kind == "health")
    healthy[{host, text(event, "destination")}].push_back(
        {earliest_of(event), time_of(event), state == "up"});
  if (kind == "neighbour" && state != "removed")
    neighbours.push_back({host, text(event, "address"), time_of(event),
                          text(event, "reachability") == "failed", text(event, "mac")});
  if (kind == "link")
    macs[{host, text(event, "link")}].push_back(
        {earliest_of(event), time_of(event), state == "removed" ? "" : text(event, "mac")});
  if (kind == "gap") {
    const auto last = last_of_.find(host);
    gaps.push_back({host, last == last_of_.end() ? time_of(event) : last->second, time_of(event)});
  }
  if (!kind.starts_with("ipvs")) last_of_[host] = time_of(event);  // those are sampled, not told
}

void Facts::take_route(const json& event) {
  if (event.value("table", main_table) != main_table) return;
  const Of key{text(event, "host"), text(event, "destination")};
  const auto metric = event.value("metric", 0U);
  auto& table = tables_[key];
  if (text(event, "state") == "removed")
    table.erase(metric);
  else
    table[metric] = ways(event);
  if (is_learnt(event)) learnt.insert(key.second);
  tell(routes[key], event, table.empty() ? Set{} : table.begin()->second);
}

void Facts::take_table(const std::string& host, const json& event) {
  std::map<std::string, int> now;
  for (const auto& service : event.value("services", json::array()))
    for (const auto& destination : service.value("destinations", json::array()))
      now[without_port(text(destination, "address"))] = destination.value("weight", 0);
  Set serving;
  for (const auto& [address, weight] : now)
    if (weight > 0) serving.insert(address);
  tell(real_servers[host], event, std::move(serving));
  weights[host].push_back({earliest_of(event), time_of(event), std::move(now)});
}

void Facts::take_path(const json& event) {
  const Of key{text(event, "host"), text(event, "prefix")};
  const std::string next_hop = text(event, "next-hop");
  const std::string name = text(event, "peer") + " " + next_hop;
  auto& known = path_of_[key];
  if (text(event, "state") == "announced")
    known[name] = next_hop;
  else
    known.erase(name);
  Set now;
  for (const auto& [id, hop] : known) now.insert(hop);
  tell(paths[key], event, std::move(now));
}

void Facts::take_process(const json& event) {
  auto& life = processes[{text(event, "host"), text(event, "process")}];
  const std::string state = text(event, "state");
  const auto before = life.empty() ? ProcessState::unknown : life.back().value;
  auto now = before;
  if (state == "started") now = ProcessState::started;
  if (state == "ready") now = ProcessState::ready;
  if (state == "ended") now = ProcessState::ended;
  if (state == "signalled" && event.value("signal", 0) == SIGSTOP) now = ProcessState::frozen;
  if (state == "signalled" && event.value("signal", 0) == SIGCONT && before == ProcessState::frozen)
    now = ProcessState::ready;
  // Nobody tells of the sessions of an agent that has died.
  static const Set agents{"gobgpd", "exabgp", "bgpd", "bird"};
  if (now == ProcessState::ended && agents.contains(text(event, "process")))
    tell(peers[text(event, "host")], event, Set{});
  if (now != before) life.push_back({earliest_of(event), time_of(event), now});
}

bool is_blind(const Facts& facts, const std::string& host, double from, double to) {
  return std::ranges::any_of(facts.gaps, [&](const Gap& gap) {
    return (gap.host.empty() || gap.host == host) && gap.from <= to && gap.t >= from;
  });
}

}  // namespace lblab::expect
