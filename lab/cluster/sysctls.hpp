#pragma once

#include <map>
#include <string>

#include "lab/cluster/topology.hpp"

/// New network namespaces inherit some of the machine's settings, others not, so what a host of the lab gets
/// is said, not hoped for. `all` and `default` together: rp_filter and the arp_* are the greater of `all` and
/// the device's, send_redirects is their OR, and a new device takes `default`. Kernel:
/// Documentation/networking/ip-sysctl.rst.
namespace lblab::cluster {

using Sysctls = std::map<std::string, std::string>;

/// What every host gets: no reverse-path filter (asymmetric paths are what a lab is about), and no IPv6 where
/// the topology has none (over a bridge its multicast grows with the square of the hosts). Few, because a lab
/// may have a thousand plain hosts.
Sysctls plain(bool ipv6);

/// plain(), and for the hosts of a cluster no redirects and the ARP that one expects.
Sysctls baseline(bool forwards, bool ipv6);

/// For hosts with multipath routes: the hash over the packet's addresses, protocol and ports (policy 3,
/// fields 0x37). Policy 1 would take the sender's own socket hash, which a veth carries along and a
/// retransmission changes. A next hop without carrier is out at once.
Sysctls multipath();

/// For hosts with bridges: bridged packets do not visit iptables and nft (as they do where Docker runs).
Sysctls bridge();

/// For hosts that hold a service's address without being asked for it: they do not answer ARP for it.
Sysctls silent_arp();

/// For hosts that pass on what comes from an address of theirs: the kernel takes it for a forgery otherwise
/// (fib_frontend.c, a martian source).
Sysctls accept_local();

/// Puts `wanted` over `base`: the same key is replaced, whether or not one of the two has the "-" of an
/// optional one.
void override_with(Sysctls& base, const Sysctls& wanted);

}  // namespace lblab::cluster
