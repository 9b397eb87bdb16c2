#include "lbcore/dataplane/abilities.hpp"

#include "lbcore/dataplane/iptables.hpp"
#include "lbcore/dataplane/ipvs.hpp"
#include "lbcore/dataplane/keepalived.hpp"
#include "lbcore/dataplane/nftables.hpp"
#include "lbcore/dataplane/nginx.hpp"
#include "lbcore/dataplane/xdp.hpp"

namespace lbcore::dataplane {

namespace {

using Executor = boost::asio::any_io_executor;

struct Entry {
  const char* name;
  Abilities abilities;
  std::unique_ptr<Dataplane> (*make)(const Settings&, Executor, const std::string& folder);
};

template <class Made>
std::unique_ptr<Dataplane> made(const Settings&, Executor, const std::string&) {
  return std::make_unique<Made>();
}
template <>
std::unique_ptr<Dataplane> made<Nginx>(const Settings&, Executor executor, const std::string& folder) {
  return std::make_unique<Nginx>(executor, folder);
}
template <>
std::unique_ptr<Dataplane> made<Keepalived>(const Settings&, Executor executor, const std::string& folder) {
  return std::make_unique<Keepalived>(executor, folder);
}
template <>
std::unique_ptr<Dataplane> made<Xdp>(const Settings& settings, Executor executor, const std::string&) {
  return std::make_unique<Xdp>(settings.interface, executor);
}

/// In the order of DataplaneKind.
const std::vector<Entry>& entries() {
  // ip_vs_*.c register these; lc is what the papers use.
  static const std::vector<std::string> of_ipvs = {"lc", "rr", "wrr", "wlc", "lblc", "lblcr", "dh",
                                                   "sh", "mh", "sed", "nq",  "fo",   "ovf",   "twos"};
  static const std::vector<Entry> all{
      {"ipvs",
       {.schedulers = of_ipvs,
        .forwardings = {Forwarding::nat, Forwarding::direct, Forwarding::tunnel},
        .ipv6 = true,
        .is_ipvs = true},
       made<Ipvs>},
      {"nftables", {.schedulers = {"random", "rr", "sh"}, .ipv6 = true}, made<Nftables>},
      {"iptables", {.schedulers = {"random", "rr"}}, made<Iptables>},
      {"nginx", {.schedulers = {"rr", "lc", "sh"}, .tcp_only = true, .proxies = true}, made<Nginx>},
      {"xdp",
       {.schedulers = {"mh"},
        .forwardings = {Forwarding::tunnel, Forwarding::direct},
        .ipv6 = true,
        .ranges = true},
       made<Xdp>},
      {"keepalived",
       {.schedulers = of_ipvs,
        .forwardings = {Forwarding::nat, Forwarding::direct, Forwarding::tunnel},
        .ipv6 = true,
        .is_ipvs = true,
        .checks = true},
       made<Keepalived>}};
  return all;
}

const Entry& entry(DataplaneKind kind) { return entries().at(static_cast<std::size_t>(kind)); }

}  // namespace

std::string name(DataplaneKind kind) { return entry(kind).name; }

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& one : entries()) all.emplace_back(one.name);
  return all;
}

const Abilities& abilities(DataplaneKind kind) { return entry(kind).abilities; }

std::unique_ptr<Dataplane> make(const Settings& settings, Executor executor, const std::string& folder) {
  return entry(settings.dataplane).make(settings, executor, folder);
}

}  // namespace lbcore::dataplane
