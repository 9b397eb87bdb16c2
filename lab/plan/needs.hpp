#pragma once

#include <set>
#include <string>

#include "lab/plan/op.hpp"

namespace lblab::plan {

/// What the machine must have for this plan: "ipvs", "ipip", "vxlan", "tun", "bridge", "nftables", "netns", …
/// (kernel features, named as guest/features probes them) and "program:NAME".
std::set<std::string> needs(const Plan&);

}  // namespace lblab::plan
