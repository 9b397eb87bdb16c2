#include "lab/bench/matrix.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"
#include "lab/model/override.hpp"
#include "lab/model/parse.hpp"
#include "lab/model/value.hpp"

namespace lblab::bench {

using model::Bench;
using model::Cluster;
using model::Setting;

namespace {

constexpr std::size_t longest_lab = 32;  // as topology_keys.cc has it

/// Of what is in it (FNV-1a), so that labs of one name are the same.
std::string lab_name(const Cluster& cluster, std::string_view text) {
  std::uint32_t hash = 0x811c9dc5U;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x01000193U;
  const auto ending = fmt::format("-{:08x}", hash);
  return cluster.name.substr(0, longest_lab - ending.size()) + ending;
}

std::string balancers_of(const Bench& bench) {
  return fmt::format("services.{}.load-balancers", bench.service);
}

bool is_direct(const Bench& bench, const model::BenchVariant& point) {
  for (std::size_t n = 0; n < bench.vary.size(); ++n)
    if (bench.vary[n].name == "kind" && point.values[n] == model::direct_access) return true;
  return false;
}

std::string key_of(const Bench& bench, const std::string& axis) {
  const auto found = std::ranges::find(model::bench_axes(), axis, &model::ShortAxis::name);
  if (found == model::bench_axes().end()) return axis;
  std::string key{found->key};
  if (const auto star = key.find('*'); star != std::string::npos) key.replace(star, 1, bench.service);
  return key;
}

/// What is not of the variant alone, and what `up` has no use for.
std::vector<Setting> common(const Bench& bench) {
  std::vector<Setting> settings{{"bench", {}}, {"scenarios", {}}};
  for (const auto& [key, value] : bench.set) settings.push_back({key, value});
  return settings;
}

/// The same of every interface. 0 leaves what the topology says.
void add_core_setting(const Cluster& cluster, const std::string& axis, const std::string& value,
                      std::vector<Setting>& settings) {
  const auto count = model::to_integer(value).value_or(0);
  if (count == 0) return;
  std::vector<std::int64_t> processors(static_cast<std::size_t>(count));
  std::iota(processors.begin(), processors.end(), 0);
  const auto text = axis == "rps" ? fmt::format("[{}]", fmt::join(processors, ", ")) : value;
  for (const auto& node : cluster.nodes)
    for (const auto& interface : node.interfaces)
      settings.push_back(
          {fmt::format("nodes.{}.interfaces.{}.{}", node.name, interface.network, axis), text});
}

void add_axis(const Cluster& cluster, const Bench& bench, const std::string& axis, const std::string& value,
              std::vector<Setting>& settings) {
  if (axis == "rps" || axis == "rss") return add_core_setting(cluster, axis, value, settings);
  if (axis != "kind") return settings.push_back({key_of(bench, axis), value});
  if (value == model::direct_access) return settings.push_back({balancers_of(bench), {}});
  const auto word = model::kind_word(value);
  settings.push_back({key_of(bench, axis), word.kind});
  if (!word.forwarding.empty()) settings.push_back({key_of(bench, "forwarding"), word.forwarding});
  if (!word.in.empty()) settings.push_back({key_of(bench, "in"), word.in});
}

/// Routers learn nothing of the overlay; where the client asks a pod, they need a way to each node's pods.
/// Beside the routes that the topology gives them.
std::vector<Setting> ways_to_pods(const Cluster& cluster) {
  std::vector<Setting> settings;
  if (!cluster.overlay) return settings;
  const auto nodes = cluster::with_role(cluster, model::Role::node);
  for (const auto* router : cluster::with_role(cluster, model::Role::router)) {
    std::vector<std::string> routes;
    for (const auto& route : router->routes) {
      std::vector<std::string> via;
      for (const auto& hop : route.via) via.push_back(hop.str());
      routes.push_back(fmt::format("{{to: {}, via: [{}]}}", route.destination.str(), fmt::join(via, ", ")));
    }
    for (std::size_t n = 0; n < nodes.size(); ++n)
      if (const auto meet = cluster::adjacent(*router, *nodes[n]))
        routes.push_back(fmt::format("{{to: {}, via: [{}]}}", cluster::pod_prefix(*cluster.overlay, n).str(),
                                     meet->there->address.address.str()));
    settings.push_back(
        {fmt::format("nodes.{}.routes", router->name), fmt::format("[{}]", fmt::join(routes, ", "))});
  }
  return settings;
}

/// The service's first usable address.
model::Address service_address(const model::Service& service) {
  const auto network = service.addresses.network();
  return network.length == 32 ? network.address : network.address + 1;
}

cluster::Placement placed(const Cluster& cluster) {
  cluster::Placement placement;
  cluster::expand(cluster, placement);
  return placement;
}

cluster::Placement::Seat seat(const cluster::Placement& placement, const std::string& pod) {
  const auto found = placement.seats.find(pod);
  return found == placement.seats.end() ? cluster::Placement::Seat{} : found->second;
}

class Maker {
 public:
  Maker(std::string_view yaml, const Cluster& cluster, const Bench& bench)
      : yaml_(yaml), cluster_(cluster), bench_(bench) {}

  Matrix make() {
    for (const auto& point : model::variants(bench_)) add(point);
    return std::move(made_);
  }

 private:
  void add(const model::BenchVariant& point) {
    const bool direct = is_direct(bench_, point);
    auto settings = common(bench_);
    for (std::size_t n = 0; n < bench_.vary.size(); ++n)
      add_axis(cluster_, bench_, bench_.vary[n].name, point.values[n], settings);
    if (direct) settings.push_back({balancers_of(bench_), {}});  // whatever else was set in them
    auto text = parsed(point, settings);
    if (!text) return;
    if (direct) {
      std::ranges::copy(ways_to_pods(*cluster_of_variant_), std::back_inserter(settings));
      text = parsed(point, settings);
      if (!text) return;
    }
    const auto& variant = *cluster_of_variant_;
    const auto* service = variant.service(bench_.service);
    if (service->pods.replicas == 0)
      return made_.diagnostics.push_back({{},
                                          fmt::format("variant {} of {}: no pods", point.name, bench_.name),
                                          "at least one has to answer"});
    const auto lab = lab_name(cluster_, *text);
    const auto placement = placed(variant);
    const auto pod = seat(placement, cluster::pod_name(bench_.service, 1));
    made_.variants.push_back(
        {.point = point,
         .text = model::override_settings(*text, {{{"name", lab}}}).text,
         .lab = lab,
         .client = cluster::with_role(variant, model::Role::client).front()->name,
         .entry = direct ? pod.node : seat(placement, cluster::load_balancer_name(bench_.service, 1)).node,
         .address = direct ? pod.address : service_address(*service),
         .port = service->port});
  }

  /// The topology with these settings, which is cluster_of_variant_ then.
  std::optional<std::string> parsed(const model::BenchVariant& point, const std::vector<Setting>& settings) {
    auto overridden = model::override_settings(yaml_, settings);
    auto mistakes = std::move(overridden.diagnostics);
    if (mistakes.empty()) {
      auto parsed = model::parse(overridden.text);
      cluster_of_variant_ = std::move(parsed.cluster);
      mistakes = std::move(parsed.diagnostics);
    }
    for (auto& [mark, wrong, right] : mistakes)
      made_.diagnostics.push_back(
          {{}, fmt::format("variant {} of {}: {}", point.name, bench_.name, wrong), std::move(right)});
    if (!cluster_of_variant_ || !mistakes.empty()) return std::nullopt;
    return overridden.text;
  }

  std::string_view yaml_;
  const Cluster& cluster_;
  const Bench& bench_;
  std::optional<Cluster> cluster_of_variant_;
  Matrix made_;
};

}  // namespace

std::string Variant::url() const { return fmt::format("http://{}:{}/", address.str(), port); }

Matrix matrix(std::string_view yaml, const Cluster& cluster, const Bench& bench) {
  return Maker(yaml, cluster, bench).make();
}

}  // namespace lblab::bench
