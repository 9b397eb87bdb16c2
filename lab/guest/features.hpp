#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lab/guest/missing.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::guest {

/// What this machine can do, found out by doing it: in a network namespace of its own that goes away with
/// this object. The kernel may load a module to answer, as it would for the lab; nothing is loaded by name.
///
/// Features: "root" (may make namespaces and mounts, and set up the network of those), "netns", "mount",
/// "userns" (without root), kinds of link ("veth", "bridge", "vxlan", "ipip", "dummy", "vrf", …: any other
/// name is asked for as a kind of link), "tun", "nftables", "ipvs", "netem", "xdp", "multipath",
/// "multipath-hash-fields" (fib_multipath_hash_policy=3), "nexthop", "resilient-nexthop", and "program:NAME"
/// for a program on PATH or beside the running one.
class Features {
 public:
  Features();
  bool has(const std::string& feature);
  std::vector<Missing> missing(const std::set<std::string>& needs);

 private:
  bool ask(const std::string& feature);
  std::optional<sys::Netns> inside_;  // none: this user may not make one
  std::map<std::string, bool> known_;
};

/// The features that a lab can need of a kernel, in an order for people.
const std::vector<std::string>& kernel_features();

/// "program:gobgpd" → "Debian package gobgpd"; "netem" → "kernel module sch_netem".
std::string remedy(const std::string& feature);

}  // namespace lblab::guest
