#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lbcore/ipvs/reconcile.hpp"
#include "lbcore/service.hpp"
#include "lbcore/settings.hpp"

struct nl_sock;

namespace lbcore::ipvs {

/// What went through a destination (the kernel sums that up every two seconds), and its connections (exact at
/// any time).
struct DestinationCounters {
  Address address;
  std::uint16_t port = 0;
  Counters counters;
  std::uint32_t active = 0;      // connections in the established state
  std::uint32_t inactive = 0;    // connections in any other state
  std::uint32_t persistent = 0;  // persistence templates
};

struct ServiceCounters {
  ServiceKey key;
  Counters counters;
  std::vector<DestinationCounters> destinations;  // sorted by (address, port)
};

/// IPVS of one network namespace, over generic netlink (linux/ip_vs.h, family "IPVS"). Blocking; one thread.
/// Every function throws SystemError that names what was attempted.
class Client {
 public:
  /// Opens its socket in the caller's current network namespace and stays with that one. A kernel without
  /// IPVS is an error that names the module. Needs CAP_NET_ADMIN there.
  Client();

  /// The whole kernel table. IPVS dumps are not atomic: a service that another program removes meanwhile may
  /// come without its destinations.
  Table table();
  /// Those of these services that there are.
  Table table(std::span<const ServiceKey>);
  /// Sorted by key.
  std::vector<ServiceCounters> counters();

  /// Of this namespace's connections; each is there.
  Timeouts timeouts();
  /// Those that are there; the others stay as they are.
  void set_timeouts(const Timeouts&);

  /// One message a change, in order, each acknowledged. Stops at the first that the kernel refuses, and
  /// throws its error; those before it are in place.
  void apply(std::span<const Change>);

 private:
  struct Close {
    void operator()(nl_sock*) const;
  };
  std::unique_ptr<nl_sock, Close> socket_;
  int family_;
};

}  // namespace lbcore::ipvs
