#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/sys/netns.hpp"

namespace lblab::observe {

/// The IPVS table of a namespace as its kernel tells it over generic netlink (linux/ip_vs.h). A reader of the
/// lab's own: what a load balancer wrote is not confirmed by the code that wrote it.
struct IpvsDestination {
  std::string address;     // "172.16.1.2:80", "[fd00::2]:80"
  std::string forwarding;  // "masquerade", "direct", "tunnel", "local"
  int weight = 0;
  std::uint32_t active = 0, inactive = 0;  // connections
};

struct IpvsService {
  std::string service;  // "tcp 10.1.1.1:80", "fwmark 1"
  std::string scheduler;
  std::vector<IpvsDestination> destinations;
};

/// Sorted by name and by address. Empty where the kernel has no IPVS. Throws SystemError.
std::vector<IpvsService> read_ipvs(const sys::Netns&);

}  // namespace lblab::observe
