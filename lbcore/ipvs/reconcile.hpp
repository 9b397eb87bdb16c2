#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lbcore/service.hpp"

namespace lbcore::ipvs {

/// Changes of a kernel table, each one netlink message. The service of AddService and EditService carries no
/// destinations.
struct AddService {
  VirtualService service;
  bool operator==(const AddService&) const = default;
};
/// Sets scheduler, flags, timeout and netmask; the destinations and their connections stay.
struct EditService {
  VirtualService service;
  bool operator==(const EditService&) const = default;
};
/// Takes the service's destinations with it.
struct RemoveService {
  ServiceKey service;
  bool operator==(const RemoveService&) const = default;
};
struct AddDestination {
  ServiceKey service;
  Destination destination;
  bool operator==(const AddDestination&) const = default;
};
/// Sets forwarding, weight and thresholds; the destination's connections stay.
struct EditDestination {
  ServiceKey service;
  Destination destination;
  bool operator==(const EditDestination&) const = default;
};
struct RemoveDestination {
  ServiceKey service;
  Address address;
  std::uint16_t port = 0;
  bool operator==(const RemoveDestination&) const = default;
};
using Change =
    std::variant<AddService, EditService, RemoveService, AddDestination, EditDestination, RemoveDestination>;

/// The fewest changes that make `actual` equal to `desired`, in the order to apply them; none if they are
/// equal. Pure. On the way, a destination that is in both tables is never absent, and a service that can take
/// connections in both (it has a destination with weight) can take them at every moment: destinations are
/// added before others lose weight, and removed last. Services that must go do so after all others are as
/// desired.
std::vector<Change> reconcile(const Table& desired, const Table& actual);

/// "tcp 10.1.1.1:80", "udp [fd00::1]:53", "fwmark 1", "fwmark 1 (IPv6)".
std::string describe(const ServiceKey&);
/// What is done to what, "add destination 172.16.1.3:80 to service fwmark 1": the subject of an error.
std::string attempt(const Change&);
/// The same with its values, "add destination 172.16.1.3:80 to service fwmark 1: nat, weight 1".
std::string describe(const Change&);

}  // namespace lbcore::ipvs
