#pragma once

#include "lab/expect/trial.hpp"

namespace lblab::expect {

/// What the UDP flows went through after one action: by the outages that began in its window. Those of the
/// first window, which no action opened, may have begun before it.
struct Hit {
  std::vector<FlowOutage> outages;
  std::optional<FlowOutage> longest;
  long lost = 0;
  std::vector<int> flows;  // that it hit, each once
};
Hit hit(const Case& all, const Window& window);

/// The chain from an action to the first datagram that got through again, as far as it was seen; times since
/// the scenario began and since the action.
std::vector<CausalStep> causes_of(const Case& all, const Window& window, const Hit& hit);

/// Of every action after which datagrams were lost.
std::vector<Outage> outages(const Case& all);

}  // namespace lblab::expect
