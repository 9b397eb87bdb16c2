#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lab/sys/netns.hpp"

namespace lblab::observe {

/// What a network namespace's kernel counted of packets that it gave up, by the kernel's own names:
///   IPReversePathFilter  TcpExt of /proc/net/netstat: dropped since the way back leads elsewhere
///   OutDestUnreachs      Icmp of /proc/net/snmp: "destination unreachable" that this host sent
///   IpvsIncomingPackets, IpvsOutgoingPackets
///                        /proc/net/ip_vs_stats_percpu, over all CPUs: what IPVS sent on, and what of the
///                        answers came back by it (missing where there is no IPVS). Not what it gave up, but
///                        the difference tells.
///   insert_failed        /proc/net/stat/nf_conntrack, over all CPUs; missing where conntrack is not loaded
using Counters = std::map<std::string, std::uint64_t>;

Counters read_counters(const sys::Netns&);

}  // namespace lblab::observe
