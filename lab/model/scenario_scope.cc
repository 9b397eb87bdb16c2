#include "lab/model/scenario_scope.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "lab/model/nearest.hpp"
#include "lab/model/scenario.hpp"
#include "lab/model/unroll.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

std::string a_name_of(Sort sort) {
  switch (sort) {
    case Sort::node:
      return "node";
    case Sort::pod:
      return "pod";
    case Sort::web_pod:
      return "web pod";
    case Sort::load_balancer:
      return "load-balancer pod";
    case Sort::host:
      break;
  }
  return "node or pod";
}

bool is_of(const PodName& pod, Sort sort) {
  return sort == Sort::host || sort == Sort::pod ||
         sort == (pod.is_load_balancer ? Sort::load_balancer : Sort::web_pod);
}

}  // namespace

ScenarioScope::ScenarioScope(const Inventory& lab, const View& scenario, Diagnostics& out)
    : lab_(lab), traffic_(scenario["traffic"]), out_(out) {
  count_pods(scenario["steps"], 0);
}

void ScenarioScope::report(Mark mark, std::string wrong, std::string right) {
  out_.push_back({mark, std::move(wrong), std::move(right)});
}

void ScenarioScope::count_pods(const View& steps, int depth) {
  for (const View& step : steps.each()) {
    const auto action = step.only("action");
    if (!action) continue;
    if (const auto within = steps_within(*action); within && depth < most_nested)
      count_pods(*within, depth + 1);
    if (action->name() != "scale") continue;
    const View service = (*action)["service"], pods = (*action)["pods"],
               balancers = (*action)["load-balancers"];
    if (!service.ok()) continue;
    const auto name = service.as<std::string>();
    auto& most = scaled_.try_emplace(name, lab_.replicas(name)).first->second;
    if (pods.ok()) most.pods = std::max<std::int64_t>(most.pods, pods.as<Drawn<int>>().max);
    if (balancers.ok())
      most.load_balancers = std::max<std::int64_t>(most.load_balancers, balancers.as<Drawn<int>>().max);
  }
}

Replicas ScenarioScope::replicas(std::string_view service) const {
  const auto found = scaled_.find(service);
  return found == scaled_.end() ? lab_.replicas(service) : found->second;
}

bool ScenarioScope::check_host(const View& view, Sort sort) {
  if (!view.ok()) return false;
  const auto name = view.as<std::string>();
  const auto pod = lab_.pod(name);
  const bool is_node = lab_.has_node(name);
  if (!is_node && !(pod && pod->is_among(replicas(pod->service))))
    return report(view.mark(), fmt::format("there is no {} {}", a_name_of(sort), shown(name)),
                  suggestion(name)),
           false;
  if (is_node ? sort == Sort::node || sort == Sort::host : is_of(*pod, sort)) return true;
  const auto is = is_node ? "node" : a_name_of(pod->is_load_balancer ? Sort::load_balancer : Sort::web_pod);
  return report(view.mark(), fmt::format("{} is a {}", shown(name), is),
                fmt::format("name a {}", a_name_of(sort))),
         false;
}

/// Of a pod the numbers that there are; of anything else what it may be a misspelling of.
std::string ScenarioScope::suggestion(const std::string& name) const {
  const auto pod = lab_.pod(name);
  if (!pod) return suggest(name, lab_.hosts(), "write a node's name, or a pod's: SERVICE-1, SERVICE-lb-1");
  const auto [pods, load_balancers] = replicas(pod->service);
  const auto count = pod->is_load_balancer ? load_balancers : pods;
  const auto stem = fmt::format("{}{}", pod->service, pod->is_load_balancer ? "-lb" : "");
  if (count == 0) return fmt::format("service '{}' has none", pod->service);
  return fmt::format("service '{}' has {}-1{}", pod->service, stem,
                     count > 1 ? fmt::format(" to {}-{}", stem, count) : " only");
}

bool ScenarioScope::check_service(const View& view) {
  if (!view.ok()) return false;
  const auto name = view.as<std::string>();
  if (lab_.has_service(name)) return true;
  const auto names = lab_.services().names();
  report(view.mark(), fmt::format("there is no service {}", shown(name)),
         suggest(name, {names.begin(), names.end()}, "add it under services"));
  return false;
}

bool ScenarioScope::check_load_balancers(const View& service) {
  if (!check_service(service)) return false;
  const auto name = service.as<std::string>();
  if (lab_.has_load_balancers(name)) return true;
  report(service.mark(), fmt::format("service '{}' has no load balancers", name),
         "add load-balancers: {} to it: without, nobody answers at its addresses");
  return false;
}

void ScenarioScope::check_hosts(const View& list, Sort sort) {
  std::set<std::string> seen;
  for (const View& host : list.each())
    if (check_host(host, sort) && !seen.insert(host.as<std::string>()).second)
      report(host.mark(), fmt::format("{} is given twice", shown(host.as<std::string>())), "write each once");
}

void ScenarioScope::check_hosts_or_service(const View& list) {
  const auto hosts = list.each();
  const auto is_service = [&](const View& host) {
    return host.ok() && lab_.has_service(host.as<std::string>());
  };
  const auto service = std::ranges::find_if(hosts, is_service);
  if (service == hosts.end()) return check_hosts(list, Sort::host);
  const auto name = service->as<std::string>();
  if (lab_.has_node(name))
    report(service->mark(), fmt::format("'{}' is a node and a service", name),
           "give one of them another name");
  else if (hosts.size() > 1)
    report(service->mark(), fmt::format("service '{}' among hosts", name),
           fmt::format("write {}: {} alone, or the hosts one by one", list.name(), name));
  else
    check_load_balancers(*service);
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  const auto last = names.begin() + static_cast<std::ptrdiff_t>(std::min(most, names.size()));
  return fmt::format("{}{}", fmt::join(names.begin(), last, ", "), last == names.end() ? "" : ", …");
}

std::string suggest(std::string_view word, const std::vector<std::string>& names, std::string otherwise) {
  constexpr std::size_t most = 100;
  if (names.size() > most) return otherwise;
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto meant = nearest(word, candidates);
  return meant ? fmt::format("did you mean '{}'?", *meant) : std::move(otherwise);
}

std::optional<View> steps_within(const View& action) {
  if (action.name() == "repeat") return action["steps"];
  return action.name() == "one-of" ? std::optional(action) : std::nullopt;
}

}  // namespace lblab::model
