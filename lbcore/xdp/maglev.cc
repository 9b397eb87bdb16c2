#include "lbcore/xdp/maglev.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace lbcore::xdp {
namespace {

/// 64 bits of an address, another 64 for another seed: FNV-1a, whose weak high bits are then mixed by the
/// finalizer of SplitMix64.
std::uint64_t hash(const Address& address, std::uint64_t seed) {
  std::uint64_t h = 0xcbf29ce484222325 ^ seed;
  for (const std::uint8_t byte : address.bytes()) h = (h ^ byte) * 0x100000001b3;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return h ^ (h >> 31);
}

constexpr std::uint64_t offset_seed = 0, skip_seed = 0x9e3779b97f4a7c15;
constexpr std::uint32_t vacant = ~0u;

/// The lowest power from 3 on that takes the numbers below a prime to themselves in another order: the one
/// that has no divisor in common with the prime less 1 (Fermat). 3 for 65537.
std::uint32_t permuting_power(std::uint32_t modulus) {
  std::uint32_t power = 3;
  while (std::gcd(power, modulus - 1) != 1) power += 2;
  return power;
}

/// A server's order of preference for entries: every one of them once, since the modulus is prime.
class Permutation {
 public:
  Permutation(const Address& address, std::uint32_t modulus, std::uint32_t power)
      : modulus_(modulus),
        power_(power),
        offset_(hash(address, offset_seed) % modulus),
        skip_(hash(address, skip_seed) % (modulus - 1) + 1) {}

  std::uint32_t next() {
    const std::uint64_t turn = turn_++;
    std::uint64_t raised = turn;
    for (std::uint32_t i = 1; i < power_; ++i) raised = raised * turn % modulus_;
    return static_cast<std::uint32_t>((offset_ + raised * skip_) % modulus_);
  }

 private:
  std::uint32_t modulus_, power_, turn_ = 0;
  std::uint64_t offset_, skip_;
};

struct Contender {
  std::uint32_t server;
  std::uint32_t weight;
  Permutation preference;
  std::uint64_t credit = 0;
};

/// Those with weight, by address: their turns must not depend on the order in which they came.
std::vector<Contender> contenders(std::span<const Weighted> servers, std::uint32_t modulus) {
  std::vector<std::uint32_t> order(servers.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return servers[i].address; });
  const auto twice =
      std::ranges::adjacent_find(order, {}, [&](std::uint32_t i) { return servers[i].address; });
  if (twice != order.end())
    throw std::invalid_argument("Maglev table: " + servers[*twice].address.str() + " is there twice");
  const auto power = permuting_power(modulus);
  std::vector<Contender> out;
  for (const auto i : order)
    if (servers[i].weight > 0)
      out.push_back({i, servers[i].weight, Permutation{servers[i].address, modulus, power}});
  return out;
}

}  // namespace

bool is_prime(std::uint32_t n) {
  if (n < 2) return false;
  for (std::uint64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return true;
}

std::vector<std::uint32_t> maglev_table(std::span<const Weighted> servers, std::uint32_t modulus) {
  if (!is_prime(modulus))
    throw std::invalid_argument("Maglev table: " + std::to_string(modulus) + " is not prime");
  auto all = contenders(servers, modulus);
  if (all.size() > modulus)
    throw std::invalid_argument("Maglev table: " + std::to_string(modulus) + " entries for more servers");
  if (all.empty()) return {};
  std::vector<std::uint32_t> table(modulus, vacant);
  const std::uint64_t heaviest = std::ranges::max_element(all, {}, &Contender::weight)->weight;
  // The heaviest takes an entry every round, one of half its weight every other round.
  for (std::uint32_t taken = 0; taken < modulus;) {
    for (auto& c : all) {
      c.credit += c.weight;
      if (c.credit < heaviest) continue;
      c.credit -= heaviest;
      auto entry = c.preference.next();
      while (table[entry] != vacant) entry = c.preference.next();
      table[entry] = c.server;
      if (++taken == modulus) break;
    }
  }
  return table;
}

}  // namespace lbcore::xdp
