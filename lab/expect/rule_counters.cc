#include <fmt/format.h>

#include "lab/expect/counters.hpp"
#include "lab/expect/trial.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

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
