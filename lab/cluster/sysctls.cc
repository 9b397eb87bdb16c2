#include "lab/cluster/sysctls.hpp"

namespace lblab::cluster {

namespace {

void for_all_devices(Sysctls& sysctls, const std::string& key, const std::string& value) {
  sysctls["net.ipv4.conf.all." + key] = value;
  sysctls["net.ipv4.conf.default." + key] = value;
}

}  // namespace

Sysctls plain(bool ipv6) {
  Sysctls sysctls{{"net.ipv4.ip_forward", "0"}};
  for_all_devices(sysctls, "rp_filter", "0");
  // A write of `all` is one of `default` too. A kernel without IPv6 has no such key.
  if (!ipv6) sysctls["-net.ipv6.conf.all.disable_ipv6"] = "1";
  return sysctls;
}

Sysctls baseline(bool forwards, bool ipv6) {
  auto sysctls = plain(ipv6);
  sysctls["net.ipv4.ip_forward"] = forwards ? "1" : "0";
  if (ipv6 && forwards) sysctls["net.ipv6.conf.all.forwarding"] = "1";
  for (const auto* key : {"arp_ignore", "arp_announce", "send_redirects", "accept_redirects"})
    for_all_devices(sysctls, key, "0");
  return sysctls;
}

Sysctls multipath() {
  Sysctls sysctls{{"net.ipv4.fib_multipath_hash_fields", "55"}, {"net.ipv4.fib_multipath_hash_policy", "3"}};
  for_all_devices(sysctls, "ignore_routes_with_linkdown", "1");
  return sysctls;
}

Sysctls bridge() {
  return {{"-net.bridge.bridge-nf-call-arptables", "0"},
          {"-net.bridge.bridge-nf-call-ip6tables", "0"},
          {"-net.bridge.bridge-nf-call-iptables", "0"}};
}

Sysctls silent_arp() {
  Sysctls sysctls;
  for_all_devices(sysctls, "arp_ignore", "1");
  for_all_devices(sysctls, "arp_announce", "2");
  return sysctls;
}

Sysctls accept_local() { return {{"net.ipv4.conf.all.accept_local", "1"}}; }

void override_with(Sysctls& base, const Sysctls& wanted) {
  for (const auto& [key, value] : wanted) {
    const auto bare = key.starts_with('-') ? key.substr(1) : key;
    base.erase(bare);
    base.erase("-" + bare);
    base[key] = value;
  }
}

}  // namespace lblab::cluster
