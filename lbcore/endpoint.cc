#include "lbcore/endpoint.hpp"

#include <fmt/format.h>

namespace lbcore {

std::string Endpoint::str() const {
  return fmt::format(fmt::runtime(address.bits() == 128 ? "[{}]:{}" : "{}:{}"), address.str(), port);
}

}  // namespace lbcore
