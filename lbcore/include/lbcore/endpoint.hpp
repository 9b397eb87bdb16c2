#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "lab/sys/address.hpp"

namespace lbcore {

/// Where one instance of a service answers.
struct Endpoint {
  lblab::sys::Address address;
  std::uint16_t port = 0;
  bool draining = false;  // it is going away: keeps its connections, gets no new ones
  auto operator<=>(const Endpoint&) const = default;

  /// "172.16.1.3:80", "[fd00::3]:80"
  std::string str() const;
};

/// Sorted; (address, port) is unique.
using Endpoints = std::vector<Endpoint>;

}  // namespace lbcore
