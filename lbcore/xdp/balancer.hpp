#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lbcore/xdp/layout.h"
#include "lbcore/xdp/maglev.hpp"
#include "lbcore/xdp/neighbours.hpp"
#include "lbcore/xdp/object.hpp"
#include "lbcore/xdp/service.hpp"

namespace lbcore::xdp {

struct Settings {
  std::string interface;  // of the caller's network namespace
  // The outer source of tunnelled packets, an address of the load balancer; needed where a family has
  // tunnels.
  std::optional<Address> source4, source6;
  std::uint32_t modulus = default_modulus;  // entries of a service's table, 4 bytes each
};

/// The XDP load balancer of one interface (docs/design.md). It owns the XDP program there, and what is on its
/// maps. Blocking; one thread. Needs CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN where there is nothing to
/// adopt. Every function throws SystemError that names what was attempted.
///
/// What was attached by a Balancer that left is adopted: its services, connections and counters live on, and
/// set_services() changes only what differs.
///
/// The other end of a veth must be readied (peer.hpp).
class Balancer {
 public:
  explicit Balancer(const Settings&);

  /// Makes the services those given, with the fewest changes of maps, and returns how many there were. A
  /// packet meets either the old or the new state of its service: a server is there before the table names
  /// it, and goes after. Connections stay with their server while it is in their service, with weight or
  /// without.
  ///
  /// Refuses as a whole, before any change (EINVAL): the same name or server twice, host bits, servers of
  /// another family than their service, nat, a tunnel without a source, a weight above 65535.
  std::size_t set_services(const std::vector<Service>&);

  /// As they were set, by this one or the one before. Sorted by name; their servers by address.
  std::vector<Service> services() const;
  /// Sorted by name. Looks at every connection that is remembered.
  std::vector<ServiceCounters> counters() const;
  Events events() const;
  /// Looks again at the interface's MAC address and MTU, and by which next hops the real servers are reached;
  /// to be called when something has changed that is_affected_by() names. The program itself follows routes
  /// and MAC addresses at once, but drops packets (no_neighbour) while an address is not known.
  void refresh();
  /// Whether what the kernel tells in the interface's network namespace is a reason for refresh(): of a link,
  /// a route, a rule or a nexthop object, or that the entry of a next hop has gone.
  bool is_affected_by(const nlmsghdr&) const;

  /// The program and its maps stay when this goes, for the next to adopt.
  void leave() { object_.leave(); }
  bool adopted() const { return object_.adopted(); }
  /// For BPF_PROG_TEST_RUN; borrowed.
  int program() const { return object_.program(); }

 private:
  using Slot = std::uint32_t;
  struct Server {
    Slot slot = 0;
    xdp_destination value{};
  };
  struct Known {
    Slot slot = 0;
    bool listed = false;  // packets find it
    std::map<Address, Server> servers;
    // What the table was made of; nullopt: not known, since it was adopted.
    std::optional<std::vector<Weighted>> weights;
  };
  /// Slots of an array: the lowest free one first.
  class Slots {
   public:
    explicit Slots(std::uint32_t count) : count_(count) {}
    Slot take(const std::string& what);
    void claim(Slot slot) { used_.insert(slot); }
    void give(Slot slot) { used_.erase(slot); }

   private:
    std::uint32_t count_;
    std::set<Slot> used_;
  };

  void write_settings();
  void adopt();
  void validate(const std::vector<Service>&) const;
  Known& known(const ServiceName&);
  void set(const Service&);
  void set_servers(Known&, const Service&);
  void set_table(Known&, const Service&);
  void drop_servers(Known&, const Service* wanted);
  void remove(const ServiceName&);
  void clear_traffic(int map, Slot);
  std::set<Address> by_route() const;
  std::vector<Connections> connections() const;
  void set_fragments(const std::vector<Service>&);

  Settings settings_;
  Object object_;
  Slots service_slots_, server_slots_;
  std::vector<std::uint32_t> generations_;  // by server slot
  std::map<ServiceName, Known> services_;
  std::set<ServiceName> fragments_;  // whose fragments are dropped: port 0
  Neighbours neighbours_;
  std::size_t changes_ = 0;
};

}  // namespace lbcore::xdp
