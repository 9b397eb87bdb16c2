#include "lbcore/fib/rib.hpp"

namespace lbcore::fib {

void Rib::adopt(const Prefix& prefix, const NextHops& hops, Clock::time_point now) {
  const auto announced = announced_.find(prefix);
  for (const Address& hop : hops)
    if (announced == announced_.end() || !announced->second.contains(hop))
      stale_[prefix].try_emplace(hop, now + stale_time_);
}

void Rib::update(const Prefix& prefix, const NextHops& hops) {
  if (hops.empty())
    announced_.erase(prefix);
  else
    announced_[prefix] = hops;
  const auto stale = stale_.find(prefix);
  if (stale == stale_.end()) return;
  std::erase_if(stale->second, [&](const auto& entry) { return hops.contains(entry.first); });
  if (stale->second.empty()) stale_.erase(stale);
}

void Rib::lose(Clock::time_point now) {
  const Desired lost = std::move(announced_);
  announced_.clear();
  for (const auto& [prefix, hops] : lost) adopt(prefix, hops, now);
}

void Rib::expire(Clock::time_point now) {
  for (auto& [prefix, hops] : stale_)
    std::erase_if(hops, [&](const auto& entry) { return entry.second <= now; });
  std::erase_if(stale_, [](const auto& entry) { return entry.second.empty(); });
}

std::optional<Clock::time_point> Rib::next_expiry() const {
  std::optional<Clock::time_point> next;
  for (const auto& [prefix, hops] : stale_)
    for (const auto& [hop, until] : hops)
      if (!next || until < *next) next = until;
  return next;
}

Desired Rib::desired() const {
  Desired all = announced_;
  for (const auto& [prefix, hops] : stale_)
    for (const auto& [hop, until] : hops) all[prefix].insert(hop);
  return all;
}

}  // namespace lbcore::fib
