#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/model/check.hpp"
#include "lab/model/check_expect.hpp"
#include "lab/model/inventory.hpp"
#include "lab/model/scenario_scope.hpp"
#include "lab/model/seats.hpp"
#include "lab/model/unroll.hpp"
#include "lab/model/value.hpp"
#include "lab/sys/address.hpp"

namespace lblab::model {
namespace {

constexpr std::size_t most_scenarios = 100;  // each takes time in proportion to the topology

/// How many steps it unrolls to; not beyond one more than are let pass.
std::int64_t unrolled_size(const View& step, int depth) {
  const auto action = step.only("action");
  const auto within = action ? steps_within(*action) : std::nullopt;
  if (!within || depth == most_nested) return 1;
  const bool is_choice = action->name() == "one-of";
  std::int64_t total = 0;
  for (const View& inner : within->each()) {
    const auto size = unrolled_size(inner, depth + 1);
    total = is_choice ? std::max(total, size) : std::min(total + size, most_steps + 1);
  }
  const auto times =
      is_choice ? 1 : std::clamp<std::int64_t>((*action)["times"].as<std::int64_t>(), 1, most_steps);
  return std::min(times * total, most_steps + 1);
}

class ScenarioCheck {
 public:
  ScenarioCheck(const View& topology, const Inventory& lab, const View& scenario, Diagnostics& out)
      : topology_(topology), lab_(lab), scope_(lab, scenario, out) {
    check_traffic(scenario["traffic"]);
    check_steps(scenario["steps"], 0);
    check_size(scenario);
  }

 private:
  void check_traffic(const View& traffic) {
    for (const auto name : {"udp", "http", "flows"}) {
      const View probe = traffic[name];
      if (!probe.given()) continue;
      check_client(probe);
      const View to = probe["to"];
      const bool is_udp = probe.name() == "udp";
      if (!(is_udp && is_node(to)) && scope_.check_load_balancers(to) && is_udp) check_takes_udp(to);
      check_apart(probe["from"], to);
    }
  }

  bool is_node(const View& to) {
    if (!to.ok() || !lab_.has_node(to.as<std::string>())) return false;
    if (lab_.has_service(to.as<std::string>()))
      scope_.report(to.mark(), fmt::format("'{}' is a node and a service", to.as<std::string>()),
                    "give one of them another name");
    return true;
  }

  void check_takes_udp(const View& to) {
    const auto service = to.as<std::string>();
    if (!lab_.services().at(service)["udp"].as<bool>())
      scope_.report(to.mark(), fmt::format("service '{}' takes no UDP", service),
                    "add udp: true to the service");
  }

  void check_client(const View& probe) {
    if (const View from = probe["from"]; from.given()) {
      scope_.check_host(from, Sort::node);
      return;
    }
    if (const auto& clients = lab_.clients(); clients.size() != 1)
      scope_.report(
          probe.name_mark(),
          fmt::format("{} has no from, and {} the role client", probe.name(),
                      clients.empty() ? "no node has" : fmt::format("{} nodes have", clients.size())),
          "add from: NODE");
  }

  void check_apart(const View& from, const View& to) {
    if (from.ok() && to.ok() && from.as<std::string>() == to.as<std::string>())
      scope_.report(to.mark(), fmt::format("from and to are both {}", shown(to.as<std::string>())),
                    "name two different ones");
  }

  void check_size(const View& scenario) {
    std::int64_t total = 0;
    for (const View& step : scenario["steps"].each())
      total = std::min(total + unrolled_size(step, 0), most_steps + 1);
    if (total > most_steps)
      scope_.report(
          scenario.name_mark(),
          fmt::format("scenario '{}' has more than {} steps, repeats unrolled", scenario.name(), most_steps),
          "repeat less; `lblab check --repeat` repeats a whole scenario");
  }

  void check_steps(const View& steps, int depth) {
    for (const View& step : steps.each()) {
      check_time(step["at"], depth);
      const auto action = step.only("action");
      if (!action) continue;
      if (const auto within = steps_within(*action))
        check_nested(*action, *within, depth);
      else
        check_action(*action);
    }
  }

  void check_nested(const View& action, const View& within, int depth) {
    if (depth < most_nested) return check_steps(within, depth + 1);
    scope_.report(action.name_mark(), fmt::format("{} more than {} deep", action.name(), most_nested),
                  "put its steps where it stands, or in a scenario of their own");
  }

  void check_time(const View& at, int depth) {
    if (!at.ok()) return;
    if (depth > 0)
      return scope_.report(at.name_mark(), "at counts from the scenario's beginning, once",
                           "put it beside the outermost repeat or one-of, or write a wait: step");
    const auto time = at.as<milliseconds>();
    if (last_at_ && time < *last_at_)
      return scope_.report(at.mark(), "a step before it has a later time",
                           "put the steps in the order of their times");
    last_at_ = time;
  }

  void check_action(const View& action) {
    for (const auto& [name, check] : checks)
      if (action.name() == name) (this->*check)(action);
  }

  // --- processes ---

  void check_process(const View& action) {
    const View in = action["in"], process = action["process"];
    if (!scope_.check_host(in, Sort::host)) return;
    const auto host = in.as<std::string>();
    const Names& running = lab_.processes(host);
    if (running.listed().empty())
      return scope_.report(in.mark(), fmt::format("no process runs on {}", shown(host)),
                           "name a host that has one");
    if (process.ok() && !running.has(process.as<std::string>()))
      scope_.report(
          process.mark(),
          fmt::format("no process {} runs on {}", shown(process.as<std::string>()), shown(host)),
          suggest(process.as<std::string>(), running.listed(), "there runs " + listed(running.listed())));
  }
  void check_kill(const View& kill) {
    check_process(kill);
    if (kill["restart"].as<std::string>() == "never") note("kill", kill["in"]);
  }
  void check_start(const View& start) {
    check_process(start);
    needs("kill", start["in"], "kills with restart: never in");
  }
  void check_freeze(const View& freeze) {
    check_process(freeze);
    note("freeze", freeze["in"]);
  }
  void check_thaw(const View& thaw) {
    check_process(thaw);
    needs("freeze", thaw["in"], "freezes what runs in");
  }

  // --- hosts and links ---

  void check_delete(const View& pod) {
    scope_.check_host(pod, Sort::pod);
    note("crash", pod);
  }
  void check_crash(const View& host) {
    scope_.check_host(host, Sort::host);
    note("crash", host);
  }
  void check_recover(const View& host) {
    if (scope_.check_host(host, Sort::host)) needs("crash", host, "deletes or crashes");
  }
  void check_partition(const View& node) {
    note("partition", node);
    if (scope_.check_host(node, Sort::node) && !lab_.is_on_network(node.as<std::string>()))
      scope_.report(node.mark(), fmt::format("node '{}' is on no network", node.as<std::string>()),
                    "write link: {of: NODE, interface: …, state: down}");
  }
  void check_heal(const View& node) {
    if (scope_.check_host(node, Sort::node)) needs("partition", node, "partitions");
  }
  void check_link(const View& link) {
    const View of = link["of"], interface = link["interface"];
    if (!scope_.check_host(of, Sort::host)) return;
    const auto host = of.as<std::string>();
    const Names& there = lab_.interfaces(host);
    if (there.listed().empty())
      return scope_.report(of.mark(), fmt::format("node '{}' has no interface", host),
                           "put it on a network, or give it a link");
    if (interface.ok() && !there.has(interface.as<std::string>()))
      scope_.report(interface.mark(),
                    fmt::format("'{}' has no interface {}", host, shown(interface.as<std::string>())),
                    "it has " + listed(there.listed()));
  }
  void check_impair(const View& impair) {
    check_link(impair);
    note("impair", impair["of"]);
  }
  void check_repair(const View& repair) {
    check_link(repair);
    needs("impair", repair["of"], "impairs a link of");
  }
  void check_connect(const View& connect) {
    const View from = connect["from"], to = connect["to"];
    scope_.check_host(from, Sort::host);
    scope_.check_host(to, Sort::host);
    check_apart(from, to);
    has_connected_ = true;
  }
  void check_expectation(const View& expect) { check_expect(expect, has_connected_, scope_); }

  // --- scaling ---

  void check_scale(const View& scale) {
    const View service = scale["service"], balancers = scale["load-balancers"];
    if (!(balancers.given() ? scope_.check_load_balancers(service) : scope_.check_service(service))) return;
    const auto nodes = static_cast<std::int64_t>(lab_.pod_nodes());
    if (balancers.ok() && nodes > 0 && balancers.as<Drawn<int>>().max > nodes)
      return scope_.report(
          balancers.mark(),
          fmt::format("{} load balancers on {} node{}", balancers.as<Drawn<int>>().max, nodes,
                      nodes == 1 ? "" : "s"),
          fmt::format("a node holds at most one load-balancer pod of a service: write at most {}", nodes));
    check_room(scale);
  }

  /// With every service as large as the scenario makes it.
  void check_room(const View& scale) {
    const View length = topology_["overlay"]["node-prefix"];
    if (std::exchange(has_checked_room_, true) || !length.ok()) return;
    std::vector<Replicas> now, then;
    std::int64_t total = 0;
    for (const View& service : lab_.services().each()) {
      now.push_back(lab_.replicas(service.name()));
      then.push_back(scope_.replicas(service.name()));
      total += then.back().pods + then.back().load_balancers;
    }
    const auto prefix = length.as<std::int64_t>();
    if (prefix > 30 || lab_.pod_nodes() == 0) return;  // reported already
    const auto room = pods_per_node(static_cast<int>(prefix));
    const auto fits = [&](const std::vector<Replicas>& services) {
      return first_unseated(services, lab_.pod_nodes(), room) == services.size();
    };
    if (total > most_pods)
      scope_.report(scale.name_mark(), fmt::format("more than {} pods", most_pods), "scale to fewer");
    else if (!fits(then) && fits(now))
      scope_.report(
          scale.name_mark(), "no room for so many pods",
          fmt::format("scale to fewer: {} nodes of /{} hold {} pods each", lab_.pod_nodes(), prefix, room));
  }

  // --- what must have come before ---

  void note(std::string_view deed, const View& host) {
    if (host.ok()) done_.emplace(deed, host.as<std::string>());
  }
  void needs(std::string_view deed, const View& host, std::string_view what) {
    if (!host.ok()) return;
    auto name = host.as<std::string>();
    if (done_.contains({std::string(deed), name})) return;
    scope_.report(host.mark(), fmt::format("no step before it {} {}", what, shown(name)),
                  "leave it out, or add that step");
  }

  static constexpr std::pair<std::string_view, void (ScenarioCheck::*)(const View&)> checks[]{
      {"kill", &ScenarioCheck::check_kill},           {"start", &ScenarioCheck::check_start},
      {"freeze", &ScenarioCheck::check_freeze},       {"thaw", &ScenarioCheck::check_thaw},
      {"reload", &ScenarioCheck::check_process},      {"delete", &ScenarioCheck::check_delete},
      {"crash", &ScenarioCheck::check_crash},         {"recover", &ScenarioCheck::check_recover},
      {"partition", &ScenarioCheck::check_partition}, {"heal", &ScenarioCheck::check_heal},
      {"link", &ScenarioCheck::check_link},           {"flap", &ScenarioCheck::check_link},
      {"impair", &ScenarioCheck::check_impair},       {"repair", &ScenarioCheck::check_repair},
      {"scale", &ScenarioCheck::check_scale},         {"connect", &ScenarioCheck::check_connect},
      {"expect", &ScenarioCheck::check_expectation},
  };

  const View& topology_;
  const Inventory& lab_;
  ScenarioScope scope_;
  std::optional<milliseconds> last_at_;
  std::set<std::pair<std::string, std::string>> done_;  // deed, host
  bool has_connected_ = false, has_checked_room_ = false;
};

}  // namespace

void check_scenarios(const View& topology, Diagnostics& out) {
  const Inventory lab(topology);
  std::size_t n = 0;
  for (const View& scenario : topology["scenarios"].each()) {
    if (++n > most_scenarios)
      return out.push_back({scenario.name_mark(), fmt::format("more than {} scenarios", most_scenarios),
                            "put some of them in another file"});
    ScenarioCheck(topology, lab, scenario, out);
  }
}

}  // namespace lblab::model
