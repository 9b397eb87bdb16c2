#include "lab/expect/causes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/describe.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using Lines = std::vector<std::string>;

void add(Lines& to, const Lines& more) {
  for (const auto& line : more)
    if (std::ranges::find(to, line) == to.end()) to.push_back(line);
}

/// Whether one of these is in a set at a time, and since when that is so; no time: ever since.
struct Standing {
  bool is = false;
  std::optional<double> since;
};
Standing standing(const Life<Set>& life, const Set& any_of, double t) {
  Standing now;
  for (const auto& told : life) {
    if (told.t > t) break;
    const bool is = std::ranges::any_of(any_of, [&](const auto& one) { return told.value.contains(one); });
    if (is != now.is) now = {is, told.t};
  }
  return now;
}

std::string not_at_work(ProcessState state) {
  switch (state) {
    case ProcessState::ended:
      return "had ended";
    case ProcessState::frozen:
      return "had been frozen";
    case ProcessState::started:
      return "was not ready, started";
    default:
      return {};
  }
}

class Causes {
 public:
  Causes(const Trial& trial, double t) : trial_(trial), names_(trial.names), facts_(trial.all.facts), t_(t) {}

  std::string when(std::optional<double> at) const {
    return at ? "at " + offset(*at - trial_.window.from) : "before anything was seen";
  }

  /// Processes of a host that are not at work, and what was last done to it.
  Lines conditions(const std::string& host) const {
    Lines lines;
    for (const auto& [of, life] : facts_.processes) {
      if (of.first != host) continue;
      const auto last = last_of(life);
      const std::string what = not_at_work(last.value);
      if (!what.empty()) lines.push_back(fmt::format("{} in {} {} {}", of.second, host, what, when(last.t)));
    }
    if (const auto* acted = last_action(host))
      lines.push_back(
          fmt::format("what was last done there: {} ({})", describe(acted->step), when(acted->began)));
    return lines;
  }

  /// The same where there is reason to doubt that it serves; else nothing.
  Lines troubles(const std::string& host) const {
    const auto* acted = last_action(host);
    const bool is_harmed =
        acted && is_harm(acted->step) && !std::holds_alternative<model::KillProcess>(acted->step.what);
    const bool is_idle = std::ranges::any_of(facts_.processes, [&](const auto& one) {
      const auto state = last_of(one.second).value;
      return one.first.first == host && (state == ProcessState::ended || state == ProcessState::frozen);
    });
    return is_harmed || is_idle ? conditions(host) : Lines{};
  }

  const Acted* last_action(const std::string& host) const {
    const Set hosts{host, names_.node_of(host)};
    const Acted* last = nullptr;
    for (const auto& acted : trial_.all.evidence.steps)
      if (acted.began <= t_ && is_action(acted.step) && hosts.contains(host_of(acted.step))) last = &acted;
    return last;
  }

  /// Of one prefix: the hosts that have paths for it, other than `but`.
  std::map<std::string, const Life<Set>*> reflectors(const std::string& prefix,
                                                     const std::string& but) const {
    std::map<std::string, const Life<Set>*> all;
    for (const auto& [of, life] : facts_.paths)
      if (of.second == prefix && of.first != but) all[of.first] = &life;
    return all;
  }

  Lines why_not_announced(const std::string& balancer, const std::string& prefix) const {
    Lines lines;
    for (const auto& [host, life] : facts_.peers) {
      const Standing up = standing(life, names_.addresses(balancer), t_);
      if (!up.is && up.since)
        lines.push_back(fmt::format("{}'s session with {} was lost {}", host, balancer, when(up.since)));
    }
    if (const auto own = facts_.announced.find({balancer, prefix}); own != facts_.announced.end()) {
      const Told<Set> last = last_of(own->second);
      if (last.value.empty()) lines.push_back(fmt::format("{} withdrew it {}", balancer, when(last.t)));
    }
    const auto [healthy, all] = health(balancer);
    if (all > 0 && healthy == 0)
      lines.push_back(fmt::format("none of {}'s {} was healthy", balancer, count(all, "real server")));
    add(lines, conditions(balancer));
    return lines;
  }

  std::pair<long, long> health(const std::string& balancer) const {
    long healthy = 0, all = 0;
    for (const auto& [of, life] : facts_.healthy) {
      if (of.first != balancer) continue;
      ++all;
      healthy += value_at(life, t_) ? 1 : 0;
    }
    return {healthy, all};
  }

  /// A next hop that is announced but not in the router's kernel.
  Lines why_not_taken(const std::string& router, const std::string& reflector) const {
    Lines lines;
    if (const auto life = facts_.peers.find(reflector); life != facts_.peers.end()) {
      const Standing up = standing(life->second, names_.addresses(router), t_);
      if (!up.is)
        lines.push_back(fmt::format("{}'s session with {} was down since {}", reflector, router,
                                    up.since ? offset(*up.since - trial_.window.from) : "ever"));
    }
    add(lines, conditions(router));
    return lines;
  }

  Lines missing_hop(const std::string& router, const std::string& prefix, const std::string& node) const {
    Lines lines;
    Set addresses = names_.addresses(node);
    addresses.insert(node);
    bool is_announced = false;
    for (const auto& [reflector, life] : reflectors(prefix, router)) {
      const Standing there = standing(*life, addresses, t_);
      is_announced |= there.is;
      if (there.is) {
        lines.push_back(fmt::format("next hop {} is missing although {} had its path since {}", node,
                                    reflector, offset(there.since.value_or(t_) - trial_.window.from)));
        add(lines, why_not_taken(router, reflector));
      } else if (there.since) {
        lines.push_back(fmt::format("next hop {} is missing: its path was withdrawn at {} {}", node,
                                    reflector, when(there.since)));
      }
    }
    if (lines.empty()) lines.push_back(fmt::format("next hop {} is missing: nobody had a path by it", node));
    if (is_announced) return lines;
    const auto balancers = names_.balancers_on(node);
    if (balancers.empty() && names_.is_pod(node) == false) add(lines, conditions(node));
    for (const auto& balancer : balancers) add(lines, why_not_announced(balancer, prefix));
    return lines;
  }

  Lines extra_hop(const std::string& router, const std::string& prefix, const std::string& address) const {
    Lines lines;
    const std::string label = names_.label(address);
    for (const auto& [reflector, life] : reflectors(prefix, router)) {
      const Standing there = standing(*life, {address}, t_);
      if (there.is) {
        lines.push_back(
            fmt::format("next hop {} is still there: {} had not withdrawn its path", label, reflector));
        for (const auto& balancer : names_.balancers_on(names_.host_of(address))) {
          const auto sessions = facts_.peers.find(reflector);
          if (sessions != facts_.peers.end() && standing(sessions->second, names_.addresses(balancer), t_).is)
            lines.push_back(fmt::format("{}'s session with {} was still up", reflector, balancer));
          add(lines, conditions(balancer));
        }
      } else {
        lines.push_back(fmt::format("next hop {} is still there although its path was withdrawn at {} {}",
                                    label, reflector, when(there.since)));
        add(lines, why_not_taken(router, reflector));
      }
    }
    if (lines.empty()) {
      lines.push_back(fmt::format("next hop {} is still there", label));
      add(lines, conditions(names_.host_of(address)));
    }
    return lines;
  }

  Lines session(const std::string& host, const std::string& peer, bool is_missing) const {
    const auto life = facts_.peers.find(host);
    const Standing now =
        life == facts_.peers.end() ? Standing{} : standing(life->second, with_name(peer), t_);
    Lines lines;
    if (is_missing)
      lines.push_back(now.since ? fmt::format("the session with {} was lost {}", peer, when(now.since))
                                : fmt::format("a session with {} was never established", peer));
    else
      lines.push_back(fmt::format("the session with {} came up {}", names_.label(peer), when(now.since)));
    const std::string name = names_.host_of(peer);
    add(lines, conditions(name.empty() ? peer : name));
    add(lines, conditions(host));
    return lines;
  }

  Lines real_server(const std::string& host, const std::string& pod, bool is_missing) const {
    Lines lines;
    const Set addresses = with_name(pod);
    const auto table = facts_.real_servers.find(host);
    const Standing now =
        table == facts_.real_servers.end() ? Standing{} : standing(table->second, addresses, t_);
    lines.push_back(is_missing ? fmt::format("{} is not in {}'s table{}", names_.label(pod), host,
                                             now.since ? ": taken out " + when(now.since) : "")
                               : fmt::format("{} is still in {}'s table", names_.label(pod), host));
    bool is_told = false;
    for (const auto& [of, life] : facts_.healthy) {
      if (of.first != host || !addresses.contains(without_port(of.second))) continue;
      const auto last = last_of(life);
      is_told = true;
      lines.push_back(fmt::format("{} found it {} {}", host, last.value ? "healthy" : "down", when(last.t)));
    }
    if (!is_told) lines.push_back(fmt::format("{} never told of its health", host));
    const std::string name = names_.host_of(pod);
    add(lines, conditions(name.empty() ? pod : name));
    add(lines, conditions(host));
    return lines;
  }

 private:
  Set with_name(const std::string& host_or_address) const {
    Set all = names_.addresses(host_or_address);
    all.insert(host_or_address);
    return all;
  }

  template <class T>
  Told<T> last_of(const Life<T>& life) const {
    Told<T> last;
    for (const auto& told : life)
      if (told.t <= t_) last = told;
    return last;
  }

  const Trial& trial_;
  const Names& names_;
  const Facts& facts_;
  double t_;
};

/// The spans of a life that touch a time.
std::vector<Span<Set>> touching(const Life<Set>& life, double from, double to) {
  auto all = spans(life);
  std::erase_if(all, [&](const Span<Set>& span) { return span.end < from || span.begin > to; });
  return all;
}

std::string until(const Span<Set>& span, const Trial& trial) {
  return span.end > trial.all.evidence.ended ? "to the end" : "until " + offset(span.end - trial.window.from);
}

}  // namespace

std::vector<std::string> why_route(const Trial& trial, const model::RouteExpectation& e,
                                   const Difference& difference, double t) {
  const Causes causes{trial, t};
  Lines lines;
  for (const auto& node : difference.missing) add(lines, causes.missing_hop(e.host, e.route.str(), node));
  for (const auto& address : difference.extra) add(lines, causes.extra_hop(e.host, e.route.str(), address));
  return lines;
}

std::vector<std::string> why_sessions(const Trial& trial, const std::string& host,
                                      const Difference& difference, double t) {
  const Causes causes{trial, t};
  Lines lines;
  for (const auto& peer : difference.missing) add(lines, causes.session(host, peer, true));
  for (const auto& peer : difference.extra) add(lines, causes.session(host, peer, false));
  return lines;
}

std::vector<std::string> why_real_servers(const Trial& trial, const std::string& host,
                                          const Difference& difference, double t) {
  const Causes causes{trial, t};
  Lines lines;
  for (const auto& pod : difference.missing) add(lines, causes.real_server(host, pod, true));
  for (const auto& pod : difference.extra) add(lines, causes.real_server(host, pod, false));
  return lines;
}

std::vector<std::string> dead_ends(const Trial& trial, double from, double to) {
  const auto& facts = trial.all.facts;
  Lines lines;
  for (const auto& [of, life] : facts.routes) {
    if (!trial.all.matter.contains(of.second)) continue;
    for (const auto& span : touching(life, from, to)) {
      if (span.value.empty() && span.begin >= trial.all.evidence.began)
        lines.push_back(fmt::format("{} had no route to {} from {} {}", of.first, of.second,
                                    offset(span.begin - trial.window.from), until(span, trial)));
      for (const auto& hop : span.value)
        for (const auto& balancer : trial.names.balancers_on(trial.names.host_of(hop))) {
          const auto wrong = Causes{trial, std::min(span.end, to)}.troubles(balancer);
          if (wrong.empty()) continue;
          lines.push_back(fmt::format("{} led to {}, the node of {}, {}", of.first, trial.names.label(hop),
                                      balancer, until(span, trial)));
          add(lines, wrong);
        }
    }
  }
  for (const auto& [host, life] : facts.real_servers)
    for (const auto& span : touching(life, from, to))
      for (const auto& address : span.value) {
        const auto wrong = Causes{trial, std::min(span.end, to)}.troubles(trial.names.host_of(address));
        if (wrong.empty()) continue;
        lines.push_back(
            fmt::format("{} had {} in its table {}", host, trial.names.label(address), until(span, trial)));
        add(lines, wrong);
      }
  return lines;
}

}  // namespace lblab::expect
