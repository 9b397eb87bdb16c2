#include "lab/scenario/census.hpp"

namespace lblab::scenario {

expect::Census census(const run::RunningLab& lab) {
  expect::Census all;
  const auto& hosts = lab.lab().hosts;
  for (const auto& [name, host] : hosts) {
    auto& addresses = all.addresses[name];
    for (const auto& link : host.links)
      for (const auto& address : link.addresses) addresses.push_back(address.address);
    if (const auto seat = lab.placement().seats.find(name); seat != lab.placement().seats.end())
      all.node_of[name] = seat->second.node;
  }
  for (const auto& service : lab.cluster().services) {
    auto& pods = all.pods[service.name];
    for (int n = 1; n <= service.pods.replicas; ++n)
      if (const auto pod = cluster::pod_name(service.name, n); hosts.contains(pod)) pods.push_back(pod);
    auto& balancers = all.balancers[service.name];
    for (int n = 1; service.load_balancers && n <= service.load_balancers->replicas; ++n)
      if (const auto host = cluster::balancer_host(service, n, lab.placement()); hosts.contains(host))
        balancers.push_back(host);
  }
  return all;
}

}  // namespace lblab::scenario
