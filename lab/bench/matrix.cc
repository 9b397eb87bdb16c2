#include "lab/bench/matrix.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lab/cluster/expand.hpp"
#include "lab/cluster/topology.hpp"
#include "lab/model/override.hpp"
#include "lab/model/parse.hpp"

namespace lblab::bench {

using model::Bench;
using model::Cluster;
using model::Setting;

namespace {

constexpr std::size_t longest_lab = 32;  // as topology_keys.cc has it

std::string lab_name(const Cluster& cluster, std::size_t n) {
  const auto number = fmt::format("-{}", n);
  return cluster.name.substr(0, longest_lab - number.size()) + number;
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

/// What is not of the variant alone: the name, and what `up` has no use for.
std::vector<Setting> common(const Bench& bench, const std::string& lab) {
  std::vector<Setting> settings{{"name", lab}, {"bench", {}}, {"scenarios", {}}};
  for (const auto& [key, value] : bench.set) settings.push_back({key, value});
  return settings;
}

void add_axis(const Bench& bench, const std::string& axis, const std::string& value,
              std::vector<Setting>& settings) {
  if (axis != "kind") return settings.push_back({key_of(bench, axis), value});
  if (value == model::direct_access) return settings.push_back({balancers_of(bench), {}});
  const auto word = model::kind_word(value);
  settings.push_back({key_of(bench, axis), word.kind});
  if (!word.forwarding.empty()) settings.push_back({key_of(bench, "forwarding"), word.forwarding});
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

model::Address first_pod(const Cluster& cluster, const std::string& service) {
  cluster::Placement placement;
  cluster::expand(cluster, placement);
  const auto seat = placement.seats.find(cluster::pod_name(service, 1));
  return seat == placement.seats.end() ? model::Address{} : seat->second.address;
}

class Maker {
 public:
  Maker(std::string_view yaml, const Cluster& cluster, const Bench& bench)
      : yaml_(yaml), cluster_(cluster), bench_(bench) {}

  Matrix make() {
    std::size_t n = 0;
    for (auto& point : model::variants(bench_)) add(point, lab_name(cluster_, ++n));
    return std::move(made_);
  }

 private:
  void add(const model::BenchVariant& point, const std::string& lab) {
    const bool direct = is_direct(bench_, point);
    auto settings = common(bench_, lab);
    for (std::size_t n = 0; n < bench_.vary.size(); ++n)
      add_axis(bench_, bench_.vary[n].name, point.values[n], settings);
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
    made_.variants.push_back(
        {.point = point,
         .text = *text,
         .lab = lab,
         .client = cluster::with_role(variant, model::Role::client).front()->name,
         .address = direct ? first_pod(variant, bench_.service) : service_address(*service),
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
