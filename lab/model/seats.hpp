#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lblab::model {

/// Of one service.
struct Replicas {
  std::int64_t pods = 0, load_balancers = 0;
};

/// The first service, by its position, one of whose pods finds no seat on `nodes` nodes with room for `room`
/// pods each; services.size() if all do. The rule is that of cluster/placement, counted: services in order;
/// web pods go round the nodes from the first, passing over full ones; a load balancer goes to the node with
/// the fewest load balancers of any service that has room and none of its own. Time goes with pods × nodes:
/// the caller limits both.
std::size_t first_unseated(const std::vector<Replicas>& services, std::size_t nodes, std::int64_t room);

}  // namespace lblab::model
