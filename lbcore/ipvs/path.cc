#include "lbcore/ipvs/path.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <string>

#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/ipvs/nft.hpp"

namespace lbcore::ipvs {

namespace {

namespace nl = lblab::nl;
namespace sys = lblab::sys;

constexpr const char* table = "inet lbd";
// Tells our routes from others in the table of local addresses: a number that no protocol of rtnetlink.h or
// of iproute2's rt_protos has.
constexpr std::uint8_t route_protocol = 76;

bool is_ipv6(const Range& r) { return r.addresses.address.family() == AF_INET6; }

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

void set_sysctls(std::span<const Range> ranges) {
  set_sysctl("net.ipv4.vs.conn_reuse_mode", "1");
  set_sysctl("net.ipv4.vs.expire_nodest_conn", "1");
  if (std::ranges::any_of(ranges, &Range::masquerade)) set_sysctl("net.ipv4.vs.conntrack", "1");
  if (!std::ranges::all_of(ranges, is_ipv6)) set_sysctl("net.ipv4.ip_forward", "1");
  if (std::ranges::any_of(ranges, is_ipv6)) set_sysctl("net.ipv6.conf.all.forwarding", "1");
}

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return "?";
}

std::string match(const Range& r) {
  const bool host = r.addresses.length == r.addresses.address.bits();  // nft prints no length then
  return fmt::format("{} daddr {}", is_ipv6(r) ? "ip6" : "ip",
                     host ? r.addresses.address.str() : r.addresses.str());
}

/// The table, to the letter as nft lists it, so that the two can be compared.
std::string ruleset(std::span<const Range> ranges) {
  std::string marks, masquerades;
  for (const Range& r : ranges) {
    if (r.mark)
      marks += fmt::format("\t\t{} {} dport {} meta mark set {:#010x}\n", match(r), name(r.protocol), r.port,
                           r.mark);
    if (r.masquerade)
      masquerades += fmt::format("\t\tmeta l4proto {} ct original {} ct original proto-dst {} masquerade\n",
                                 name(r.protocol), match(r), r.port);
  }
  if (marks.empty() && masquerades.empty()) return "";
  std::string text = fmt::format("table {} {{\n", table);
  if (!marks.empty())
    text += "\tchain prerouting {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n" +
            marks + "\t}\n";
  if (!marks.empty() && !masquerades.empty()) text += "\n";
  if (!masquerades.empty())
    text += "\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n" +
            masquerades + "\t}\n";
  return text + "}\n";
}

/// One transaction: packets meet the old rules or the new, and connections keep the translation they have.
void set_ruleset(const std::string& want) {
  if (nft::list(table) == want) return;
  nft::run(want.empty() ? "remove the nftables table lbd" : "set the nftables table lbd",
           fmt::format("table {0}\ndelete table {0}\n{1}", table, want));
}

nl::Route local_route(const Prefix& destination) {
  nl::Route route;
  route.destination = destination;
  route.table = RT_TABLE_LOCAL;
  route.protocol = route_protocol;
  route.type = RTN_LOCAL;
  route.next_hops.emplace_back().link = static_cast<int>(::if_nametoindex("lo"));
  return route;
}

void set_routes(const std::set<Prefix>& want) {
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

}  // namespace

void prepare(std::span<const Range> ranges) {
  set_sysctls(ranges);
  set_ruleset(ruleset(ranges));
  std::set<Prefix> local;
  for (const Range& r : ranges) local.insert(r.addresses);
  set_routes(local);
}

void clear() {
  set_ruleset("");
  set_routes({});
}

}  // namespace lbcore::ipvs
