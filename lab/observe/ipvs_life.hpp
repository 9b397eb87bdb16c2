#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lab/observe/ipvs_table.hpp"
#include "lab/sys/netns.hpp"

/// What IPVS does in a namespace, as its files below /proc/net tell.
namespace lblab::observe {

/// All that IPVS handled in the namespace, over all CPUs, exact at this moment (ip_vs_stats_percpu), other
/// than what services and real servers count (IpvsCounters there lag by up to two seconds). None: no IPVS.
std::optional<IpvsCounters> read_ipvs_totals(const sys::Netns&);

/// How many connections IPVS has, by real server ("172.16.1.2:80", "[fd00::2]:80") and by state in the
/// kernel's words ("ESTABLISHED", "TIME_WAIT", "UDP", …).
struct IpvsConnections {
  std::map<std::string, std::map<std::string, int>> of;
  bool cut = false;  // there are more, which were not read
  bool operator==(const IpvsConnections&) const = default;
};

/// Reads ip_vs_conn, but no more of it than `most_bytes` (one connection takes some 80): the kernel walks the
/// connections of all namespaces from the first for every page that it writes.
IpvsConnections read_ipvs_connections(const sys::Netns&, std::size_t most_bytes);

/// The text of ip_vs_conn. A last line without its end is left out. Connections without a real server have
/// none here.
IpvsConnections parse_ipvs_connections(std::string_view text);
std::optional<IpvsCounters> parse_ipvs_totals(std::string_view text);

}  // namespace lblab::observe
