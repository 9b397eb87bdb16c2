#include <fmt/format.h>

#include "lab/expect/trial.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

struct Counter {
  const char* name;  // as the kernel has it: /proc/net/netstat, /proc/net/stat/nf_conntrack, /proc/net/snmp
  const char* meaning;  // how a failure reads
  std::optional<std::uint64_t> limit;
  std::uint64_t least = 0;
  std::string only_in = {};  // a host
};

}  // namespace

Ruling rule(const model::CounterExpectation& e, const Trial& trial) {
  std::vector<Counter> counters = {
      {"IPReversePathFilter", "its reverse-path filter dropped packets whose source it would not reach there",
       e.reverse_path_filter},
      {"insert_failed", "it lost connection-tracking entries to clashes, and their packets",
       e.conntrack_insert_failed},
      {"OutDestUnreachs", "it told senders that their packets cannot be delivered", e.icmp_unreachable}};
  if (e.no_route)
    counters.push_back({"InNoRoutes", "it dropped packets to where it has no route", e.no_route->max,
                        e.no_route->min.value_or(0), e.no_route->in});
  if (trial.all.evidence.counters.empty()) return {Outcome::inconclusive, "no counter was read"};
  Ruling ruling{.outcome = Outcome::passed, .measured = 0, .unit = "packets"};
  std::vector<std::string> seen;
  for (const auto& counter : counters) {
    if (!counter.limit && counter.least == 0) continue;
    std::uint64_t total = 0;
    std::vector<std::string> hosts, causes;
    for (const auto& [host, grew] : trial.all.evidence.counters) {
      const auto found = grew.find(counter.name);
      if (found == grew.end() || found->second == 0) continue;
      if (!counter.only_in.empty() && counter.only_in != host) continue;
      total += found->second;
      hosts.push_back(fmt::format("{} {}", host, found->second));
      causes.push_back(fmt::format("{}: {} {}: {}", host, counter.name, found->second, counter.meaning));
    }
    seen.push_back(
        fmt::format("{} {}{}", counter.name, total, hosts.empty() ? "" : " (" + join(hosts) + ")"));
    *ruling.measured += static_cast<double>(total);
    if (total < counter.least) {
      ruling.outcome = Outcome::failed;
      ruling.causes.push_back(fmt::format("{}: {} of at least {}", counter.name, total, counter.least));
    }
    if (!counter.limit || total <= *counter.limit) continue;
    ruling.outcome = Outcome::failed;
    ruling.causes.insert(ruling.causes.end(), causes.begin(), causes.end());
  }
  ruling.seen = join(seen);
  return ruling;
}

}  // namespace lblab::expect
