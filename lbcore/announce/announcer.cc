#include "lbcore/announce/announcer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace lbcore::announce {

namespace {

std::string command(const char* verb, const Route& route) {
  return fmt::format("{} route {} next-hop {}", verb, route.prefix.str(), route.next_hop.str());
}

std::vector<std::string> words(std::string_view line) {
  std::istringstream in{std::string(line)};
  return {std::istream_iterator<std::string>(in), {}};
}

/// {"type":"state","neighbor":{"address":{"peer":"10.0.0.109"},"state":"up"}} among much else. exabgp's
/// "connected" is only TCP's.
std::optional<Session> session_change(std::string_view line) try {
  const auto message = nlohmann::json::parse(line);
  if (message.at("type") != "state") return std::nullopt;
  const auto& neighbor = message.at("neighbor");
  const std::string state = neighbor.at("state");
  if (state != "up" && state != "down") return std::nullopt;
  return Session{neighbor.at("address").at("peer"), state == "up"};
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

}  // namespace

Announcer::Output Announcer::start() {
  Output out;
  ask({Step::Kind::ask_sessions}, "show neighbor summary", out);
  ask({Step::Kind::ask_routes}, "show adj-rib out", out);
  return out;
}

Announcer::Output Announcer::set(const SetRoutes& set) {
  Output out;
  change_to(set.routes, Acknowledged{set.id, {}, {}, {}}, out);
  return out;
}

void Announcer::lbd_gone() {
  for (auto& step : steps_) step.reply.reset();
  if (waiting_) waiting_->reply.reset();
}

Announcer::Output Announcer::withdraw_all() {
  Output out;
  change_to({}, std::nullopt, out);
  return out;
}

Announcer::Output Announcer::from_exabgp(std::string_view line) {
  Output out;
  if (line.starts_with('{')) {
    if (const auto change = session_change(line)) session(*change, out);
  } else if (line == "done" || line == "error") {
    answered(line == "done", out);
  } else {
    learn(line);
  }
  return out;
}

std::vector<FromHelper> Announcer::sessions() const {
  std::vector<FromHelper> all;
  for (const auto& [peer, up] : sessions_) all.push_back(Session{peer, up});
  return all;
}

void Announcer::change_to(const std::vector<Route>& routes, std::optional<Acknowledged> reply, Output& out) {
  if (!held_is_known_) {
    waiting_ = Wanted{routes, std::move(reply)};
    return;
  }
  std::map<Prefix, Address> want;
  for (const auto& route : routes) want.emplace(route.prefix, route.next_hop);
  for (const auto& [prefix, next_hop] : held_)
    if (!want.contains(prefix)) {
      const Route route{prefix, next_hop};
      ask({Step::Kind::withdraw, route}, command("withdraw", route), out);
    }
  for (const auto& [prefix, next_hop] : want) {
    const auto held = held_.find(prefix);
    if (held != held_.end() && held->second == next_hop) continue;
    const Route route{prefix, next_hop};  // takes the place of one with another next hop
    ask({Step::Kind::announce, route}, command("announce", route), out);
  }
  held_ = std::move(want);
  steps_.push_back({Step::Kind::acknowledge, {}, std::move(reply)});
  acknowledge(out);
}

void Announcer::ask(Step step, std::string command, Output& out) {
  steps_.push_back(std::move(step));
  out.to_exabgp.push_back(std::move(command));
}

void Announcer::learn(std::string_view line) {
  if (steps_.empty()) return;
  const auto w = words(line);
  // "10.0.0.109 65021 0:00:05 established 2 1", for each session that is up
  if (steps_.front().kind == Step::Kind::ask_sessions && w.size() > 3 && w[3] == "established")
    sessions_[w[0]] = true;
  // "neighbor 10.0.0.109 ipv4 unicast 10.1.1.0/24 next-hop 10.0.0.105", for each neighbour and route
  if (steps_.front().kind == Step::Kind::ask_routes && w.size() > 6 && w[0] == "neighbor" &&
      w[5] == "next-hop") {
    const auto prefix = Prefix::parse(w[4]);
    const auto next_hop = Address::parse(w[6]);
    if (prefix && next_hop) held_.emplace(*prefix, *next_hop);
  }
}

void Announcer::answered(bool done, Output& out) {
  if (steps_.empty()) return;
  const Step step = std::move(steps_.front());
  steps_.pop_front();
  if (step.kind == Step::Kind::ask_sessions) {
    std::ranges::copy(sessions(), std::back_inserter(out.to_lbd));
  } else if (step.kind == Step::Kind::ask_routes) {
    held_is_known_ = true;
    if (auto wanted = std::exchange(waiting_, std::nullopt))
      change_to(wanted->routes, std::move(wanted->reply), out);
  } else {
    const auto next = std::ranges::find(steps_, Step::Kind::acknowledge, &Step::kind);
    if (!done && step.kind == Step::Kind::announce) forget(step.route);
    if (next != steps_.end() && next->reply) {
      auto& reply = *next->reply;
      (!done                               ? reply.refused
       : step.kind == Step::Kind::announce ? reply.announced
                                           : reply.withdrawn)
          .push_back(step.route);
    }
  }
  acknowledge(out);
}

void Announcer::forget(const Route& route) {
  const auto held = held_.find(route.prefix);
  if (held != held_.end() && held->second == route.next_hop) held_.erase(held);
}

void Announcer::acknowledge(Output& out) {
  while (!steps_.empty() && steps_.front().kind == Step::Kind::acknowledge) {
    if (auto& reply = steps_.front().reply) out.to_lbd.push_back(std::move(*reply));
    steps_.pop_front();
  }
}

void Announcer::session(const Session& change, Output& out) {
  const auto [known, fresh] = sessions_.try_emplace(change.peer, change.up);
  if (!fresh && known->second == change.up) return;
  known->second = change.up;
  out.to_lbd.push_back(change);
}

}  // namespace lbcore::announce
