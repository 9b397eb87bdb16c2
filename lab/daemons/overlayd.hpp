#pragma once

#include <vector>

#include "lab/daemons/program.hpp"

namespace lblab::daemons::overlayd {

/// Pods of another node, and that node's address.
struct Route {
  Prefix to;
  Address via;
};

/// Wraps what the TUN device `device` is given into UDP from `own` to other nodes. Follows its file: a change
/// of routes is no new process. Takes packets from `peers` alone. Ready when the device is up.
Program wrapper(const std::string& device, const Address& own, const std::vector<Address>& peers,
                const std::vector<Route>& routes);

}  // namespace lblab::daemons::overlayd
