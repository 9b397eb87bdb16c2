#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/sys/netns.hpp"

/// The IPVS table of a namespace as its kernel tells it over generic netlink (linux/ip_vs.h). A reader of the
/// lab's own: what a load balancer wrote is not confirmed by the code that wrote it.
namespace lblab::observe {

/// Since the service, or the real server in it, was made. The kernel brings those of the table up to date
/// every two seconds.
struct IpvsCounters {
  std::uint64_t connections = 0, packets_in = 0, packets_out = 0, bytes_in = 0, bytes_out = 0;
  bool operator==(const IpvsCounters&) const = default;
};

struct IpvsDestination {
  std::string address;     // "172.16.1.2:80", "[fd00::2]:80"
  std::string forwarding;  // "masquerade", "direct", "tunnel", "local"
  int weight = 0;
  std::uint32_t active = 0, inactive = 0;  // connections
  IpvsCounters counters;
};

struct IpvsService {
  std::string service;  // "tcp 10.1.1.1:80", "fwmark 1"
  std::string scheduler;
  IpvsCounters counters;
  std::vector<IpvsDestination> destinations;
};

/// Sorted by name and by address. Empty where the kernel has no IPVS. Throws SystemError.
std::vector<IpvsService> read_ipvs(const sys::Netns&);

}  // namespace lblab::observe
