#pragma once

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "lbcore/overlay/settings.hpp"

namespace lbcore::overlay {

/// Which node has an address, and who may send to us; looked up for each packet. Addresses are numbers in
/// host order.
class Routes {
 public:
  Routes() = default;
  explicit Routes(const Settings&);

  /// The node of the longest prefix that has this address.
  std::optional<std::uint32_t> node_of(std::uint32_t destination) const;
  bool is_peer(std::uint32_t address) const { return peers_.contains(address); }

 private:
  // By length, the longest first: a network's number without its host bits → its node.
  std::map<int, std::unordered_map<std::uint32_t, std::uint32_t>, std::greater<>> by_length_;
  std::unordered_set<std::uint32_t> peers_;
};

}  // namespace lbcore::overlay
