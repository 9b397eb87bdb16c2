#pragma once

#include <string>

#include "lab/model/cluster.hpp"

namespace lblab::report {

/// A picture of the topology as it is brought up first: networks as bars with the hosts that hang on them,
/// plain links as lines between interfaces, pods in their nodes (seats as `lblab up` gives them), load
/// balancers marked, addresses everywhere. A whole SVG document, with its own style for light and dark; its
/// class names begin with "lt-", so that it can stand inside an HTML page.
std::string topology_svg(const model::Cluster&);

}  // namespace lblab::report
