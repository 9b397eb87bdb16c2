#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lblab::model {

/// Of one service.
struct Replicas {
  std::int64_t pods = 0, load_balancers = 0;
};

/// How many pods a node has addresses for: those of its prefix less the network's, the bridge's and the
/// broadcast address.
constexpr std::int64_t pods_per_node(int node_prefix) { return (std::int64_t{1} << (32 - node_prefix)) - 3; }

/// Of one lab: each pod is a network namespace and a process at least.
inline constexpr std::int64_t most_pods = 10'000;

/// The first service, by its position, one of whose pods finds no seat on `nodes` nodes with room for `room`
/// pods each; services.size() if all do. The rule is that of cluster/placement, counted: services in order;
/// web pods go round the nodes from the first, passing over full ones; a load balancer goes to the node with
/// the fewest load balancers of any service that has room and none of its own. Time goes with pods × nodes:
/// the caller limits both.
std::size_t first_unseated(const std::vector<Replicas>& services, std::size_t nodes, std::int64_t room);

}  // namespace lblab::model
