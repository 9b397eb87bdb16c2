#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/model/bench.hpp"
#include "lab/model/diagnostic.hpp"
#include "lab/model/scenario.hpp"
#include "lab/sys/address.hpp"

/// A Cluster: what the user's topology file says, checked, in the user's own terms and order. Defaults are
/// the papers' values.
namespace lblab::model {

using std::chrono::milliseconds;
using sys::Address;
using sys::Prefix;

/// Whose network it is like. gcp: every host has its address as a /32, and all packets pass the gateway. aws:
/// the segments are subnets, and what goes from one to another passes the gateway.
enum class Cloud { none, gcp, aws };

/// One layer-2 segment: a bridge in the lab's fabric. A cloud's network has a gateway between hosts or
/// between subnets: a router of the topology (Interface::is_gateway), or a host that the lab makes
/// (gateway_name()).
struct Network {
  std::string name;
  Prefix subnet;
  Mark mark;
  Cloud cloud = Cloud::none;
  std::vector<Prefix> subnets = {};  // aws: parts of `subnet`
};

/// The host that is the gateway of a cloud's network where no router is.
std::string gateway_name(const std::string& network);

/// An interface on a network. Its name is eth0, eth1, … in the order written.
struct Interface {
  std::string name, network;
  Prefix address;  // host bits, and the length of the segment's prefix: the network's, or in a cloud less
  std::optional<Impairment> impairment = {};  // in each direction
  int rss = 0;                // queues, each with a processor of its own; 0: one queue, and none
  std::vector<int> rps = {};  // processors for every queue; these go before those of rss
  bool is_gateway = false;    // of a cloud's network: there is a link to each host, and none of this name
  Mark mark = {};
};

enum class Role { plain, client, router, route_reflector, node };
/// Which pods a node may have.
enum class Holds { all, pods, load_balancers };
enum class BgpAgent { gobgp, frr, bird };
const char* word(BgpAgent);  // as a topology has it

enum class NexthopGroups { plain, resilient };

struct Bgp {
  std::uint32_t as = 65021;
  BgpAgent agent = BgpAgent::gobgp;
  milliseconds hold_time{9'000};
  milliseconds stale_time{60'000};  // how long fibd keeps routes when the agent dies
  NexthopGroups groups = NexthopGroups::plain;
  Mark mark;
};

/// A process of the user's own: `{name, run, ready, restart, environment}`; run is a shell-like string or a
/// list.
struct UserProcess {
  std::string name;
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::optional<std::string> ready;  // regex on its output
  bool restart = true;
  Mark mark;
};

struct UserRoute {
  Prefix destination;
  std::vector<Address> via;
  Mark mark;
};

struct Node {
  std::string name;
  Role role = Role::plain;
  Holds holds = Holds::all;  // of a node
  std::vector<Interface> interfaces;
  std::optional<std::string> gateway;  // a node on a shared network: the default route
  std::optional<Bgp> bgp;
  std::vector<UserRoute> routes;
  std::map<std::string, std::string> sysctls;  // win over what the lab sets by itself
  std::vector<UserProcess> processes;
  Mark mark;
};

/// A point-to-point veth between two nodes: `[a:eth0, b:eth0]`, or `{ends: [a:eth0, b:eth0], addresses:
/// [10.0.0.1/30, 10.0.0.2/30]}`.
struct PlainLink {
  struct End {
    std::string node, interface;
    std::optional<Prefix> address;
  };
  End ends[2];
  std::optional<Impairment> impairment = {};  // in each direction
  Mark mark = {};
};

struct Overlay {
  enum class Backend { host_gw, vxlan, udp, ipip };
  Backend backend = Backend::host_gw;
  Prefix subnet;           // 172.16.0.0/16
  int node_prefix = 24;    // one such prefix a node: node 1 gets subnet + 1, so 172.16.1.0/24
  bool masquerade = true;  // what pods send outside the overlay carries the node's address
  Mark mark;
};

struct Health {
  enum class Kind { tcp, http, none };
  Kind kind = Kind::tcp;
  std::uint16_t port = 0;  // 0: the service's
  std::string path = "/";  // http
  milliseconds interval{1'000}, timeout{1'000};
  int rise = 1, fall = 3;
};

struct Pods {
  int replicas = 1;
  std::string app = "nginx";
};

/// What only load balancers have that go by IPVS. A number or time of 0: as the kernel does it.
struct IpvsOptions {
  std::vector<std::string> scheduler_flags = {};
  milliseconds persistence{0};             // for how long a client stays with its real server
  int upper = 0, lower = 0;                // connections of a real server
  bool one_packet = false;                 // every datagram is scheduled by itself
  milliseconds tcp{0}, tcpfin{0}, udp{0};  // for how long a silent connection is remembered
  bool sloppy_tcp = false;
};

/// What speaks BGP for a load balancer.
enum class Announcer { exabgp, gobgp, frr, bird };

struct LoadBalancers {
  enum class Forwarding { nat, direct, tunnel };
  enum class Place { pod, node };
  int replicas = 1;  // at most one a node
  Place in = Place::pod;
  std::string kind = "ipvs";
  Forwarding forwarding = Forwarding::nat;
  std::string scheduler = "lc";
  IpvsOptions ipvs = {};
  Health health;
  bool masquerade = true;  // false: the papers' failure, to show it
  Announcer announcer = Announcer::exabgp;
  milliseconds hold_time{9'000};        // what the announcer offers
  milliseconds announce_limit{10'000};  // lbd gone for longer: its routes are withdrawn
  milliseconds drain_limit{2'000};      // TERM: how long lbd waits for connections
  Mark mark;

  /// The kernel's IPVS carries the packets, whoever keeps its table.
  bool by_ipvs() const { return kind == "ipvs" || kind == "keepalived"; }
};

struct Service {
  std::string name;
  Prefix addresses;  // 10.1.1.0/24
  std::uint16_t port = 80;
  bool udp = false;  // besides TCP, to the same port
  Pods pods;
  std::optional<LoadBalancers> load_balancers;
  Mark mark;
};

struct Cluster {
  std::string name;
  std::vector<Network> networks;
  std::vector<Node> nodes;
  std::vector<PlainLink> links;
  std::optional<Overlay> overlay;
  std::vector<Service> services;
  std::vector<Scenario> scenarios = {};
  std::vector<Bench> benches = {};

  const Node* node(const std::string& name) const;
  const Service* service(const std::string& name) const;
};

}  // namespace lblab::model
