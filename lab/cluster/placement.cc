#include "lab/cluster/placement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "lab/cluster/topology.hpp"

namespace lblab::cluster {

namespace {

class Seating {
 public:
  Seating(const Cluster& cluster, const std::map<std::string, Placement::Seat>& seats) : seats_(seats) {
    std::size_t n = 0;
    for (const auto* node : with_role(cluster, Role::node))
      nodes_.push_back(
          {.name = node->name, .prefix = pod_prefix(*cluster.overlay, n++), .holds = node->holds});
    for (const auto& [pod, seat] : seats_) taken_.insert(seat.address);
    for (const auto& service : cluster.services) note_balancers(service.name);
  }

  void seat(const model::Service& service) {
    for (int n = 1; n <= service.pods.replicas; ++n) seat_web_pod(service, n);
    if (!service.load_balancers) return;
    for (int n = 1; n <= service.load_balancers->replicas; ++n) seat_balancer(service, n);
  }

  std::map<std::string, Placement::Seat> seats() && { return std::move(seats_); }

 private:
  struct Seats {
    std::string name;
    Prefix prefix;
    model::Holds holds;
    std::multiset<std::string> balancers = {};  // services of the load-balancer pods seated here
  };

  void note_balancers(const std::string& service) {
    for (int n = 1; n <= static_cast<int>(nodes_.size()); ++n)
      if (const auto found = seats_.find(load_balancer_name(service, n)); found != seats_.end())
        for (auto& node : nodes_)
          if (node.name == found->second.node) node.balancers.insert(service);
  }

  void seat_web_pod(const model::Service& service, int n) {
    const auto name = pod_name(service.name, n);
    if (seats_.contains(name)) return;
    std::vector<const Seats*> candidates;
    for (const auto& node : nodes_)
      if (node.holds != model::Holds::load_balancers) candidates.push_back(&node);
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (take(name, *candidates[(static_cast<std::size_t>(n) - 1 + i) % candidates.size()])) return;
    throw Unplaceable(fmt::format("{}: {} pods, but {}", service.name, service.pods.replicas, why_full()));
  }

  void seat_balancer(const model::Service& service, int n) {
    const auto name = load_balancer_name(service.name, n);
    if (seats_.contains(name)) return;
    std::vector<Seats*> candidates;
    for (auto& node : nodes_)
      if (node.holds != model::Holds::pods && !node.balancers.contains(service.name))
        candidates.push_back(&node);
    if (candidates.empty())
      throw Unplaceable(fmt::format(
          "{}: {} load balancers, but only {} node{}, and a node holds at most one load-balancer pod of a "
          "service",
          service.name, service.load_balancers->replicas, nodes_.size(), nodes_.size() == 1 ? "" : "s"));
    std::ranges::stable_sort(candidates, {}, [](const Seats* node) { return node->balancers.size(); });
    for (auto* node : candidates)
      if (take(name, *node)) {
        node->balancers.insert(service.name);
        return;
      }
    throw Unplaceable(fmt::format("{}: {} load balancers, but {}", service.name,
                                  service.load_balancers->replicas, why_full()));
  }

  bool take(const std::string& pod, const Seats& node) {
    const auto host_bits = node.prefix.address.bits() - node.prefix.length;
    const auto last =
        (std::uint64_t{1} << std::min(host_bits, 32)) - 2;  // the one after it is the broadcast address
    for (std::uint64_t offset = 2; offset <= last; ++offset)
      if (const auto address = node.prefix.address + offset; taken_.insert(address).second) {
        seats_[pod] = {node.name, address};
        return true;
      }
    return false;
  }

  std::string why_full() const {
    if (nodes_.empty()) return "there is no node to place them on";
    return fmt::format("the pod prefixes of the {} nodes (/{} each) have no address left", nodes_.size(),
                       nodes_.front().prefix.length);
  }

  std::map<std::string, Placement::Seat> seats_;
  std::vector<Seats> nodes_;
  std::set<Address> taken_;
};

}  // namespace

void seat_pods(const Cluster& cluster, Placement& placement) {
  if (cluster.services.empty()) return;
  if (!cluster.overlay)
    throw Unplaceable(cluster.services.front().name + ": pods need an overlay to take their addresses from");
  Seating seating(cluster, placement.seats);
  for (const auto& service : cluster.services) seating.seat(service);
  placement.seats = std::move(seating).seats();
}

int fabric_port(Placement& placement, const std::string& host, const std::string& link) {
  const auto next = static_cast<int>(placement.fabric_ports.size()) + 1;
  return placement.fabric_ports.try_emplace(host + ":" + link, next).first->second;
}

}  // namespace lblab::cluster
