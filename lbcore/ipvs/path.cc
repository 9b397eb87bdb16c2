#include "lbcore/ipvs/path.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <string>

#include "lbcore/ipvs/namespace.hpp"
#include "lbcore/ipvs/nft.hpp"

namespace lbcore::ipvs {

namespace {

constexpr const char* table = "inet lbd";

bool is_ipv6(const Range& r) { return r.addresses.address.family() == AF_INET6; }

void set_sysctls(std::span<const Range> ranges) {
  set_sysctl("net.ipv4.vs.conn_reuse_mode", "1");
  set_sysctl("net.ipv4.vs.expire_nodest_conn", "1");
  if (std::ranges::any_of(ranges, &Range::masquerade)) set_sysctl("net.ipv4.vs.conntrack", "1");
  if (!std::ranges::all_of(ranges, is_ipv6)) set_sysctl("net.ipv4.ip_forward", "1");
  if (std::ranges::any_of(ranges, is_ipv6)) set_sysctl("net.ipv6.conf.all.forwarding", "1");
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

}  // namespace

void prepare(std::span<const Range> ranges) {
  set_sysctls(ranges);
  set_ruleset(ruleset(ranges));
  std::set<Prefix> local;
  for (const Range& r : ranges) local.insert(r.addresses);
  set_local_routes(local);
}

void clear() {
  set_ruleset("");
  set_local_routes({});
}

}  // namespace lbcore::ipvs
