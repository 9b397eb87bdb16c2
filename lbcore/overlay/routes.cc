#include "lbcore/overlay/routes.hpp"

namespace lbcore::overlay {

namespace {

/// The first `length` bits of an IPv4 address, as a number.
std::uint32_t first_bits(std::uint32_t address, int length) {
  constexpr int bits = 32;
  return length == 0 ? 0 : address >> (bits - length);
}

}  // namespace

Routes::Routes(const Settings& settings) {
  for (const auto& [to, via] : settings.routes)
    by_length_[to.length][first_bits(to.address.v4_number(), to.length)] = via.v4_number();
  for (const auto& peer : settings.peers) peers_.insert(peer.v4_number());
  if (peers_.empty())
    for (const auto& route : settings.routes) peers_.insert(route.via.v4_number());
}

std::optional<std::uint32_t> Routes::node_of(std::uint32_t destination) const {
  for (const auto& [length, networks] : by_length_)
    if (const auto found = networks.find(first_bits(destination, length)); found != networks.end())
      return found->second;
  return std::nullopt;
}

}  // namespace lbcore::overlay
