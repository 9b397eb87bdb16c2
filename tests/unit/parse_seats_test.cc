#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"

/// What the parser accepts, expand() can place; what it refuses for want of room, expand() cannot.
namespace lblab {
namespace {

std::string topology(int nodes, const std::vector<model::Service>& services, int node_prefix) {
  std::string text = "name: t\nnetworks: {net: {subnet: 10.0.0.0/24}}\nnodes:\n";
  text += "  r: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}\n";
  for (int n = 1; n <= nodes; ++n)
    text += fmt::format("  n{0}: {{role: node, interfaces: {{net: 10.0.0.1{0}}}}}\n", n);
  text += fmt::format("overlay: {{node-prefix: {}}}\nservices:\n", node_prefix);
  for (std::size_t n = 0; n < services.size(); ++n)
    text += fmt::format(
        "  s{0}: {{addresses: 10.1.{0}.0/24, pods: {{replicas: {1}}}, load-balancers: {{replicas: {2}}}}}\n",
        n, services[n].pods.replicas, services[n].load_balancers->replicas);
  return text;
}

bool can_expand(const model::Cluster& cluster) try {
  cluster::Placement placement;
  cluster::expand(cluster, placement);
  return true;
} catch (const cluster::Unplaceable&) {
  return false;
}

RC_GTEST_PROP(Seats, AreJudgedByTheParserAsByThePlacement, ()) {
  const int nodes = *rc::gen::inRange(1, 5), node_prefix = *rc::gen::inRange(27, 31);
  const auto services = *rc::gen::container<std::vector<model::Service>>(
      *rc::gen::inRange(1, 6), rc::gen::apply(
                                   [](int pods, int load_balancers) {
                                     model::Service service;
                                     service.pods.replicas = pods;
                                     service.load_balancers.emplace().replicas = load_balancers;
                                     return service;
                                   },
                                   rc::gen::inRange(0, 12), rc::gen::inRange(0, nodes + 1)));
  const auto parsed = model::parse(topology(nodes, services, node_prefix));
  auto roomy = model::parse(topology(nodes, services, 24)).cluster;
  RC_ASSERT(roomy.has_value());
  roomy->overlay->node_prefix = node_prefix;
  RC_CLASSIFY(parsed.cluster.has_value(), "accepted");
  RC_ASSERT(parsed.cluster.has_value() == can_expand(*roomy));
}

}  // namespace
}  // namespace lblab
