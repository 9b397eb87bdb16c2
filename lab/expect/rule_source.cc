#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lab/expect/names.hpp"
#include "lab/expect/trial.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using nlohmann::json;

/// How an address other than expected came about.
std::string translation(const Names& names, const std::string& from, const std::string& address) {
  const std::string host = names.host_of(address);
  if (host.empty()) return fmt::format("{} belongs to nobody", address);
  if (host == from) return fmt::format("{} is {}'s own: nobody translated it", address, from);
  if (names.node_of(from) == host)
    return fmt::format("{} is the node of {}: it was masqueraded there", host, from);
  if (names.balancers_on(names.node_of(host)).contains(host))
    return fmt::format("{} is a load balancer: it was masqueraded there", host);
  return fmt::format("{} is neither {} nor its node", host, from);
}

struct Sources {
  const Trial& trial;
  Set allowed;  // hosts
  std::string from;
  std::map<std::string, long> wrong, right;  // by address

  void add(const std::string& seen) {
    const std::string address = without_port(seen);
    bool is_allowed = allowed.contains(address);
    for (const auto& host : allowed) is_allowed |= trial.names.owns(host, address);
    ++(is_allowed ? right : wrong)[address];
  }

  std::string text(const std::map<std::string, long>& counts) const {
    std::vector<std::string> parts;
    for (const auto& [address, n] : counts)
      parts.push_back(trial.names.label(address) + (n > 1 ? fmt::format(" {} times", n) : ""));
    return join(parts);
  }

  Ruling ruling() const {
    if (wrong.empty() && right.empty()) return {Outcome::failed, "nobody answered"};
    if (wrong.empty()) return {Outcome::passed, text(right)};
    Ruling ruling{Outcome::failed, text(wrong) + (right.empty() ? "" : "; as expected " + text(right))};
    for (const auto& [address, n] : wrong) ruling.causes.push_back(translation(trial.names, from, address));
    return ruling;
  }
};

const Acted* last_connect(const Trial& trial) {
  const Acted* last = nullptr;
  for (size_t i = 0; i < trial.step; ++i)
    if (std::holds_alternative<model::Connect>(trial.all.evidence.steps[i].step.what))
      last = &trial.all.evidence.steps[i];
  return last;
}

Ruling rule_connect(Sources sources) {
  const Acted* acted = last_connect(sources.trial);
  if (!acted) return {Outcome::inconclusive, "no connection was made before"};
  const auto& connect = std::get<model::Connect>(acted->step.what);
  sources.from = connect.from;
  for (const auto& event : sources.trial.all.evidence.events) {
    if (event.value("event", "") != "connection" || event.value("t", 0.0) < acted->began ||
        event.value("from", "") != connect.from || event.value("to", "") != connect.to)
      continue;
    if (event.contains("error"))
      return {Outcome::failed, fmt::format("{} could not connect to {}: {}", connect.from, connect.to,
                                           event.value("error", ""))};
    sources.add(event.value("seen", ""));
    return sources.ruling();
  }
  return {Outcome::failed, fmt::format("no connection from {} to {} was told of", connect.from, connect.to)};
}

}  // namespace

Ruling rule(const model::SourceExpectation& e, const Trial& trial) {
  Sources sources{trial, trial.names.balancers(e.is), {}, {}, {}};
  if (e.of == "connect") return rule_connect(std::move(sources));
  const auto& traffic = trial.all.scenario.traffic;
  const auto is_in_window = [&](double t) { return t >= trial.window.from && t < trial.end(); };
  if (e.of == "http") {
    if (traffic.http) sources.from = traffic.http->from;
    for (const auto& request : trial.all.evidence.records.requests)
      if (request.end == probe::Request::End::answered && is_in_window(seconds(request.due)))
        sources.add(request.seen);
  } else {
    if (traffic.udp) sources.from = traffic.udp->from;
    for (const auto& flow : trial.all.udp.flows())
      for (const auto& datagram : flow.datagrams)
        if (datagram.answered && is_in_window(datagram.sent)) sources.add(datagram.seen);
  }
  return sources.ruling();
}

}  // namespace lblab::expect
