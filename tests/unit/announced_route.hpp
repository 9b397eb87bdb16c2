#pragma once

#include "fixtures/addresses.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::announce {

inline Route route(const char* prefix, const char* next_hop = "10.0.0.105") {
  return {lblab::fixtures::net(prefix), lblab::fixtures::ip(next_hop)};
}

}  // namespace lbcore::announce
