#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lab/model/impairment.hpp"
#include "lab/sys/address.hpp"

/// A Lab: what is to exist on the machine, as plain values. cluster/ makes it from a Cluster, plan/ turns the
/// difference of two Labs into ops. Nothing here knows of services, pods or BGP.
namespace lblab::model {

using sys::Address;
using sys::Prefix;

/// One end of a veth pair. Only one of the two ends is listed (the "near" one); the far end is made with it
/// and is configured by the Link of the same pair's `peer_*` host: see Link::kind of that host, which is
/// VethPeer.
struct Veth {
  std::string peer_host, peer_link;
  auto operator<=>(const Veth&) const = default;
};
/// The far end of a veth listed by another host: made by that host's Veth, configured here.
struct VethPeer {
  auto operator<=>(const VethPeer&) const = default;
};
/// A bridge without STP, multicast snooping off (findings: MLD floods); its ports name it as `master`.
struct Bridge {
  auto operator<=>(const Bridge&) const = default;
};
/// Without learning and without a default remote: the control plane gives FDB and neighbour entries.
struct Vxlan {
  std::uint32_t id = 1;
  Address local;
  std::string underlay;  // link of the same host
  std::uint16_t port = 4789;
  auto operator<=>(const Vxlan&) const = default;
};
struct Ipip {
  std::optional<Address> local, remote;
  auto operator<=>(const Ipip&) const = default;
};
/// A persistent TUN device, for a user-space overlay.
struct Tun {
  auto operator<=>(const Tun&) const = default;
};
/// `lo`: exists in every namespace; listed to give it addresses. compile() raises lo everywhere, listed or
/// not.
struct Loopback {
  auto operator<=>(const Loopback&) const = default;
};
using LinkKind = std::variant<Veth, VethPeer, Bridge, Vxlan, Ipip, Tun, Loopback>;

struct Link {
  std::string name;  // at most 15 bytes
  LinkKind kind;
  std::string master;             // a bridge of the same host, or empty
  std::string alias;              // shown by `ip link`, e.g. "router:eth0" at the switch end; or empty
  int mtu = 0;                    // 0: the kernel's default
  std::vector<Prefix> addresses;  // with host bits
  std::string mac;                // "02:…", or empty: the kernel's choice
  Impairment impairment;          // of what leaves by it
  // A veth's, whose other end runs an XDP program that may send frames back (XDP_TX): takes them, and fills
  // in the checksums of what it sends, as the program sends them on as they are.
  bool feeds_xdp = false;
  auto operator<=>(const Link&) const = default;
};

struct NextHop {
  std::optional<Address> via;
  std::string link;  // may be empty where `via` decides
  int weight = 1;
  auto operator<=>(const NextHop&) const = default;
};

struct Route {
  enum class Type { unicast, local, blackhole, unreachable };
  Prefix destination;  // 0.0.0.0/0: the default route
  std::vector<NextHop> next_hops;
  Type type = Type::unicast;
  std::uint32_t table = 254;  // main
  bool on_link = false;
  std::optional<Address> source;  // preferred source
  int advmss = 0;                 // the segment size that a TCP peer by this route is told; 0: the link's
  auto operator<=>(const Route&) const = default;
};

/// A permanent neighbour entry, or (with `bridge_fdb`) a forwarding entry of a vxlan device.
struct Neighbour {
  std::string link;
  Address address;  // the neighbour; for an FDB entry the remote VTEP
  std::string mac;
  bool bridge_fdb = false;
  auto operator<=>(const Neighbour&) const = default;
};

/// A file of a host. Every host has a /run, a /tmp and a /var/log of its own; `path` lies below one of those,
/// so that hosts do not meet. Replaced whole when its text changes (a reader under inotify sees IN_MOVED_TO).
struct File {
  std::string path;
  std::string text;
  unsigned mode = 0644;
  auto operator<=>(const File&) const = default;
};

/// What makes a process count as ready. Judged on its output and the kernel's events, never by polling with
/// sleeps.
struct Ready {
  enum class When { started, output, exited };
  When when = When::started;
  std::string pattern;  // output: an ECMAScript regex found in one line of stdout or stderr
  std::chrono::milliseconds within{60'000};
  auto operator<=>(const Ready&) const = default;
};

enum class Restart { after_backoff, never };

struct Process {
  std::string name;  // unique in its host; "nginx", "lbd", "exabgp"
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // added to a minimal one (PATH, HOME=/root, LANG=C.UTF-8)
  Ready ready;
  Restart restart = Restart::after_backoff;
  // Processes of the same host that this one needs: they are started before it, and stopped when it has
  // ended.
  std::vector<std::string> after;
  int rank = 0;  // across all hosts, processes are started in ascending rank
  int stop_signal = 15;
  std::chrono::milliseconds stop_grace{2'000};  // between stop_signal and SIGKILL when it is taken away
  int reload_signal = 0;  // sent when one of `reload_files` is rewritten; 0: it watches by itself
  std::vector<std::string> reload_files;
  std::set<std::string> needs;  // machine features and programs: "ipvs", "program:nginx"; see plan/needs
  auto operator<=>(const Process&) const = default;
};

/// A host of the lab: a network namespace, a mount and a uts namespace (its hostname is its name).
struct Host {
  std::string name;
  std::string
      role;  // "router", "node", "pod", … for people and for reports; the switch of the lab is "fabric"
  bool named = true;  // shown to `ip netns` as LAB.NAME
  std::vector<Link> links;
  std::vector<Route> routes;
  std::vector<Neighbour> neighbours;
  // "net.ipv4.ip_forward" → "1"; written before links exist, so that they take `default`. With a leading "-",
  // as in sysctl.conf(5), a key that this kernel does not have is passed over. ip_forward goes first: a
  // change of it resets others (accept_redirects).
  std::map<std::string, std::string> sysctls;
  std::string nftables;  // a whole ruleset in nft's own language; replaces what was there
  std::vector<File> files;
  std::vector<Process> processes;
  auto operator<=>(const Host&) const = default;
};

struct Lab {
  std::string name;
  std::map<std::string, Host> hosts;
  auto operator<=>(const Lab&) const = default;
};

}  // namespace lblab::model
