#pragma once

#include <array>

#include "lab/plan/op.hpp"

namespace lblab::plan {

/// When an op runs. The order of this list is the order of a plan: whatever an op relies on has an earlier
/// phase.
enum class Phase {
  stop,
  remove_neighbour,
  remove_route,
  remove_address,
  remove_stacked_link,  // vxlan, ipip, tun: before what they stand on
  remove_pair,
  remove_bridge,
  remove_host,
  remove_file,
  add_host,
  sysctl,
  add_bridge,
  add_pair,
  configure_link,
  add_stacked_link,
  device_sysctl,
  address,
  up,
  bridge_up,  // once, when its ports are there: each port of a bridge that is up costs as much as there are
              // ports
  impair,
  feed_xdp,
  direct_route,
  route,  // a gateway must be reachable when the route is added
  neighbour,
  nftables,
  file,
  reload,
  spawn,
  count
};

/// A plan being gathered, in whatever order its parts are found.
class Phases {
 public:
  template <class SomeOp>
  void add(Phase phase, SomeOp op) {
    of(phase).push_back(std::move(op));
  }
  Plan& of(Phase phase) { return plans_[static_cast<std::size_t>(phase)]; }
  Plan join() &&;

 private:
  std::array<Plan, static_cast<std::size_t>(Phase::count)> plans_;
};

}  // namespace lblab::plan
