#include <fmt/format.h>

#include <array>
#include <string_view>

#include "lab/expect/trial.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

struct Counter {
  std::string_view word;  // as a topology has it
  const char* name;  // as the kernel has it: /proc/net/netstat, /proc/net/stat/nf_conntrack, /proc/net/snmp
  const char* meaning;  // how a failure reads
};

constexpr std::array counters{
    Counter{"reverse-path-filter", "IPReversePathFilter",
            "its reverse-path filter dropped packets whose source it would not reach there"},
    Counter{"conntrack-insert-failed", "insert_failed",
            "it lost connection-tracking entries to clashes, and their packets"},
    Counter{"icmp-unreachable", "OutDestUnreachs", "it told senders that their packets cannot be delivered"},
    Counter{"no-route", "InNoRoutes", "it dropped packets to where it has no route"}};

}  // namespace

Ruling rule(const model::CounterExpectation& e, const Trial& trial) {
  if (trial.all.evidence.counters.empty()) return {Outcome::inconclusive, "no counter was read"};
  Ruling ruling{.outcome = Outcome::passed, .measured = 0, .unit = "packets"};
  std::vector<std::string> seen;
  for (const auto& counter : counters) {
    const auto asked = e.bounds.find(std::string(counter.word));
    if (asked == e.bounds.end()) continue;
    const auto& [least, most, only_in] = asked->second;
    std::uint64_t total = 0;
    std::vector<std::string> hosts, causes;
    for (const auto& [host, grew] : trial.all.evidence.counters) {
      const auto found = grew.find(counter.name);
      if (found == grew.end() || found->second == 0) continue;
      if (!only_in.empty() && only_in != host) continue;
      total += found->second;
      hosts.push_back(fmt::format("{} {}", host, found->second));
      causes.push_back(fmt::format("{}: {} {}: {}", host, counter.name, found->second, counter.meaning));
    }
    seen.push_back(
        fmt::format("{} {}{}", counter.name, total, hosts.empty() ? "" : " (" + join(hosts) + ")"));
    *ruling.measured += static_cast<double>(total);
    if (least && total < *least) {
      ruling.outcome = Outcome::failed;
      ruling.causes.push_back(fmt::format("{}: {} of at least {}", counter.name, total, *least));
    }
    if (!most || total <= *most) continue;
    ruling.outcome = Outcome::failed;
    ruling.causes.insert(ruling.causes.end(), causes.begin(), causes.end());
  }
  ruling.seen = join(seen);
  return ruling;
}

}  // namespace lblab::expect
