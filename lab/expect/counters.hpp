#pragma once

#include <array>
#include <string_view>

namespace lblab::expect {

/// What the kernel counts, and how it reads.
struct Counter {
  std::string_view word;  // as a topology has it
  const char* name;  // as the kernel has it: /proc/net/netstat, /proc/net/stat/nf_conntrack, /proc/net/snmp
  const char* what;  // after a number: "12 dropped by reverse-path filters"
  const char* meaning;  // of a host, how a failure reads
};

inline constexpr std::array counters{
    Counter{"reverse-path-filter", "IPReversePathFilter", "dropped by reverse-path filters",
            "its reverse-path filter dropped packets whose source it would not reach there"},
    Counter{"conntrack-insert-failed", "insert_failed", "conntrack insertions failed",
            "it lost connection-tracking entries to clashes, and their packets"},
    Counter{"icmp-unreachable", "OutDestUnreachs", "ICMP unreachable sent",
            "it told senders that their packets cannot be delivered"},
    Counter{"no-route", "InNoRoutes", "dropped for want of a route",
            "it dropped packets to where it has no route"}};

}  // namespace lblab::expect
