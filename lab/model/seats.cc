#include "lab/model/seats.hpp"

#include <algorithm>

namespace lblab::model {
namespace {

struct SeatsOfANode {
  std::int64_t pods = 0;            // of either kind
  std::int64_t load_balancers = 0;  // of services before this one, and this one
  bool has_own = false;             // a load balancer of this service
};

bool seat_pod(std::vector<SeatsOfANode>& nodes, std::int64_t n, std::int64_t room) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    SeatsOfANode& node = nodes[(static_cast<std::size_t>(n) + i) % nodes.size()];
    if (node.pods < room) return ++node.pods, true;
  }
  return false;
}

bool seat_load_balancer(std::vector<SeatsOfANode>& nodes, std::int64_t room) {
  SeatsOfANode* best = nullptr;
  for (SeatsOfANode& node : nodes)
    if (!node.has_own && node.pods < room && (!best || node.load_balancers < best->load_balancers))
      best = &node;
  if (!best) return false;
  ++best->pods, ++best->load_balancers, best->has_own = true;
  return true;
}

bool seat(std::vector<SeatsOfANode>& nodes, const Replicas& service, std::int64_t room) {
  for (SeatsOfANode& node : nodes) node.has_own = false;
  for (std::int64_t n = 0; n < service.pods; ++n)
    if (!seat_pod(nodes, n, room)) return false;
  // More load balancers than nodes is a mistake of its own.
  const auto load_balancers = std::min(service.load_balancers, static_cast<std::int64_t>(nodes.size()));
  for (std::int64_t n = 0; n < load_balancers; ++n)
    if (!seat_load_balancer(nodes, room)) return false;
  return true;
}

}  // namespace

std::size_t first_unseated(const std::vector<Replicas>& services, std::size_t nodes, std::int64_t room) {
  std::vector<SeatsOfANode> seats(nodes);
  std::size_t n = 0;
  while (n < services.size() && seat(seats, services[n], room)) ++n;
  return n;
}

}  // namespace lblab::model
