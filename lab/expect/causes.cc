#include "lab/expect/causes.hpp"

#include <fmt/format.h>

#include "lab/expect/conditions.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

class Causes {
 public:
  Causes(const Trial& trial, double t)
      : trial_(trial), names_(trial.names), facts_(trial.all.facts), at_(trial, t), t_(t) {}

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
      const Since up = since_when(life, names_.addresses(balancer), t_);
      if (!up.is && up.since)
        lines.push_back(fmt::format("{}'s session with {} was lost {}", host, balancer, at_.when(up.since)));
    }
    if (const auto own = facts_.announced.find({balancer, prefix}); own != facts_.announced.end()) {
      const Told<Set> last = last_of(own->second, t_);
      if (last.value.empty()) lines.push_back(fmt::format("{} withdrew it {}", balancer, at_.when(last.t)));
    }
    const auto [healthy, all] = health(balancer);
    if (all > 0 && healthy == 0)
      lines.push_back(fmt::format("none of {}'s {} was healthy", balancer, count(all, "real server")));
    add(lines, at_.of(balancer));
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
      const Since up = since_when(life->second, names_.addresses(router), t_);
      if (!up.is)
        lines.push_back(fmt::format("{}'s session with {} was down since {}", reflector, router,
                                    up.since ? offset(*up.since - trial_.window.from) : "ever"));
    }
    add(lines, at_.of(router));
    return lines;
  }

  Lines missing_hop(const std::string& router, const std::string& prefix, const std::string& node) const {
    Lines lines;
    Set addresses = names_.addresses(node);
    addresses.insert(node);
    bool is_announced = false;
    for (const auto& [reflector, life] : reflectors(prefix, router)) {
      const Since there = since_when(*life, addresses, t_);
      is_announced |= there.is;
      if (there.is) {
        lines.push_back(fmt::format("next hop {} is missing although {} had its path since {}", node,
                                    reflector, offset(there.since.value_or(t_) - trial_.window.from)));
        add(lines, why_not_taken(router, reflector));
      } else if (there.since) {
        lines.push_back(fmt::format("next hop {} is missing: its path was withdrawn at {} {}", node,
                                    reflector, at_.when(there.since)));
      }
    }
    const auto own = facts_.paths.find({router, prefix});
    if (own != facts_.paths.end() && since_when(own->second, addresses, t_).is) {
      is_announced = true;
      lines.push_back(
          fmt::format("{}'s own BGP agent had a path by {}, but its kernel had no such way", router, node));
      add(lines, at_.of(router));
    }
    if (lines.empty()) lines.push_back(fmt::format("next hop {} is missing: nobody had a path by it", node));
    if (is_announced) return lines;
    const auto balancers = names_.balancers_on(node);
    if (balancers.empty()) add(lines, at_.of(node));
    for (const auto& balancer : balancers) add(lines, why_not_announced(balancer, prefix));
    return lines;
  }

  Lines extra_hop(const std::string& router, const std::string& prefix, const std::string& address) const {
    Lines lines;
    const std::string label = names_.label(address);
    for (const auto& [reflector, life] : reflectors(prefix, router)) {
      const Since there = since_when(*life, {address}, t_);
      if (there.is) {
        lines.push_back(
            fmt::format("next hop {} is still there: {} had not withdrawn its path", label, reflector));
        for (const auto& balancer : names_.balancers_on(names_.host_of(address))) {
          const auto sessions = facts_.peers.find(reflector);
          if (sessions != facts_.peers.end() &&
              since_when(sessions->second, names_.addresses(balancer), t_).is)
            lines.push_back(fmt::format("{}'s session with {} was still up", reflector, balancer));
          add(lines, at_.of(balancer));
          add(lines, doubtful_real_servers(balancer));
        }
      } else {
        lines.push_back(fmt::format("next hop {} is still there although its path was withdrawn at {} {}",
                                    label, reflector, at_.when(there.since)));
        add(lines, why_not_taken(router, reflector));
      }
    }
    if (lines.empty()) {
      lines.push_back(fmt::format("next hop {} is still there", label));
      add(lines, at_.of(names_.host_of(address)));
    }
    return lines;
  }

  Lines session(const std::string& host, const std::string& peer, bool is_missing) const {
    const auto life = facts_.peers.find(host);
    const Since now = life == facts_.peers.end() ? Since{} : since_when(life->second, with_name(peer), t_);
    Lines lines;
    if (is_missing)
      lines.push_back(now.since ? fmt::format("the session with {} was lost {}", peer, at_.when(now.since))
                                : fmt::format("a session with {} was never established", peer));
    else
      lines.push_back(fmt::format("the session with {} came up {}", names_.label(peer), at_.when(now.since)));
    const std::string name = names_.host_of(peer).empty() ? peer : names_.host_of(peer),
                      node = names_.node_of(name);
    if (is_missing && name != node && life != facts_.peers.end() &&
        since_when(life->second, names_.addresses(node), t_).is)
      lines.push_back(fmt::format(
          "{} has one with {}, the node of {}: what leaves it is masqueraded, and all of its pods "
          "come from one address",
          host, node, name));
    add(lines, at_.of(name));
    add(lines, at_.of(host));
    return lines;
  }

  Lines real_server(const std::string& host, const std::string& pod, bool is_missing) const {
    Lines lines;
    const Set addresses = with_name(pod);
    const auto table = facts_.real_servers.find(host);
    const Since now = table == facts_.real_servers.end() ? Since{} : since_when(table->second, addresses, t_);
    lines.push_back(is_missing ? fmt::format("{} is not in {}'s table{}", names_.label(pod), host,
                                             now.since ? ": taken out " + at_.when(now.since) : "")
                               : fmt::format("{} is still in {}'s table", names_.label(pod), host));
    bool is_told = false;
    for (const auto& [of, life] : facts_.healthy) {
      if (of.first != host || !addresses.contains(without_port(of.second))) continue;
      const auto last = last_of(life, t_);
      is_told = true;
      lines.push_back(
          fmt::format("{} found it {} {}", host, last.value ? "healthy" : "down", at_.when(last.t)));
    }
    if (!is_told) lines.push_back(fmt::format("{} never told of its health", host));
    const std::string name = names_.host_of(pod);
    add(lines, at_.of(name.empty() ? pod : name));
    add(lines, at_.of(host));
    return lines;
  }

 private:
  /// Those in the balancer's table, and thus reasons to announce, that there is reason to doubt.
  Lines doubtful_real_servers(const std::string& balancer) const {
    Lines lines;
    const auto table = facts_.real_servers.find(balancer);
    if (table == facts_.real_servers.end()) return lines;
    for (const auto& address : value_at(table->second, t_))
      if (const auto pod = names_.host_of(address); !pod.empty() && !at_.troubles(pod).empty())
        add(lines, real_server(balancer, pod, false));
    return lines;
  }

  Set with_name(const std::string& host_or_address) const {
    Set all = names_.addresses(host_or_address);
    all.insert(host_or_address);
    return all;
  }

  const Trial& trial_;
  const Names& names_;
  const Facts& facts_;
  Conditions at_;
  double t_;
};

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

}  // namespace lblab::expect
