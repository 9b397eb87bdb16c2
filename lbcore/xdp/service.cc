#include "lbcore/xdp/service.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

namespace lbcore::xdp {

namespace {

Traffic sum(const std::vector<Traffic>& per_cpu) {
  Traffic total;
  for (const auto& t : per_cpu) total += t;
  return total;
}

}  // namespace

std::string ServiceName::str() const {
  const bool single = addresses.length == addresses.address.bits();
  auto where = addresses.address.str();
  if (addresses.address.family() == AF_INET6) where = "[" + where + "]";
  if (!single) where += fmt::format("/{}", addresses.length);
  return fmt::format("{} {}{}", name(protocol), where, port == 0 ? ", any port" : fmt::format(":{}", port));
}

Traffic ServerCounters::total() const { return sum(per_cpu); }
Traffic ServiceCounters::total() const { return sum(per_cpu); }

}  // namespace lbcore::xdp
