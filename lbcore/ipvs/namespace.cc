#include "lbcore/ipvs/namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>

#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lbcore::ipvs {

namespace {

namespace nl = lblab::nl;
namespace sys = lblab::sys;

// Tells our routes from others in the table of local addresses: a number that no protocol of rtnetlink.h or
// of iproute2's rt_protos has.
constexpr std::uint8_t route_protocol = 76;

nl::Route local_route(const Prefix& destination) {
  nl::Route route;
  route.destination = destination;
  route.table = RT_TABLE_LOCAL;
  route.protocol = route_protocol;
  route.type = RTN_LOCAL;
  route.next_hops.emplace_back().link = static_cast<int>(::if_nametoindex("lo"));
  return route;
}

}  // namespace

void set_sysctl(std::string key, std::string_view value) {
  const std::string attempt = fmt::format("set {} to {}", key, value);
  std::ranges::replace(key, '.', '/');
  const std::string path = "/proc/sys/" + key;
  const auto opened = [&](int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && key.starts_with("net/ipv4/vs/"))
      throw sys::SystemError{attempt + " (IPVS is not in this kernel: module ip_vs)", ENOENT};
    return sys::Fd{sys::check(attempt, fd)};
  };
  char now[32];
  const ssize_t length =
      sys::check(attempt, static_cast<int>(::read(opened(O_RDONLY).get(), now, sizeof now)));
  if (std::string_view(now, static_cast<std::size_t>(length)) == fmt::format("{}\n", value)) return;
  sys::check(attempt, static_cast<int>(::write(opened(O_WRONLY).get(), value.data(), value.size())));
}

void set_local_routes(const std::set<Prefix>& want) {
  nl::Socket socket;
  std::set<Prefix> have;
  for (const int family : {AF_INET, AF_INET6})
    for (const auto& route : nl::routes(socket, family))
      if (route.table == RT_TABLE_LOCAL && route.protocol == route_protocol) have.insert(route.destination);
  for (const auto& p : want)
    if (!have.contains(p)) socket.request("add the local route of " + p.str(), nl::add_route(local_route(p)));
  for (const auto& p : have)
    if (!want.contains(p))
      socket.request("remove the local route of " + p.str(), nl::delete_route(local_route(p)));
}

}  // namespace lbcore::ipvs
