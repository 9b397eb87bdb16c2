#include "lbcore/announce/announcer.hpp"

#include <algorithm>
#include <utility>

namespace lbcore::announce {

using Kind = Request::Kind;

Announcer::Output Announcer::start() {
  Output out;
  ask({Kind::sessions}, out);
  ask({Kind::routes}, out);
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

Announcer::Output Announcer::from_agent(const FromAgent& said) {
  Output out;
  std::visit([&](const auto& what) { take(what, out); }, said);
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
    if (!want.contains(prefix)) ask({Kind::withdraw, {prefix, next_hop}}, out);
  for (const auto& [prefix, next_hop] : want) {
    const auto held = held_.find(prefix);
    if (held == held_.end() || held->second != next_hop) ask({Kind::announce, {prefix, next_hop}}, out);
  }
  held_ = std::move(want);
  steps_.push_back({std::nullopt, std::move(reply)});
  acknowledge(out);
}

void Announcer::ask(const Request& request, Output& out) {
  steps_.push_back({request, std::nullopt});
  out.to_agent.push_back(request);
}

void Announcer::take(const Held& held, Output&) {
  if (!held_is_known_) held_.emplace(held.route.prefix, held.route.next_hop);
}

void Announcer::take(const Answer& answer, Output& out) {
  if (steps_.empty()) return;
  const Request request = *steps_.front().request;
  steps_.pop_front();
  if (request.kind == Kind::routes) {
    held_is_known_ = true;
    if (auto wanted = std::exchange(waiting_, std::nullopt))
      change_to(wanted->routes, std::move(wanted->reply), out);
  } else if (request.kind != Kind::sessions) {
    const auto next = std::ranges::find(steps_, std::optional<Request>{}, &Step::request);
    if (!answer.done && request.kind == Kind::announce) forget(request.route);
    if (next != steps_.end() && next->reply) {
      auto& reply = *next->reply;
      (!answer.done                     ? reply.refused
       : request.kind == Kind::announce ? reply.announced
                                        : reply.withdrawn)
          .push_back(request.route);
    }
  }
  acknowledge(out);
}

void Announcer::forget(const Route& route) {
  const auto held = held_.find(route.prefix);
  if (held != held_.end() && held->second == route.next_hop) held_.erase(held);
}

void Announcer::acknowledge(Output& out) {
  while (!steps_.empty() && !steps_.front().request) {
    if (auto& reply = steps_.front().reply) out.to_lbd.push_back(std::move(*reply));
    steps_.pop_front();
  }
}

void Announcer::take(const Session& change, Output& out) {
  const auto [known, fresh] = sessions_.try_emplace(change.peer, change.up);
  if (!fresh && known->second == change.up) return;
  known->second = change.up;
  out.to_lbd.push_back(change);
}

}  // namespace lbcore::announce
