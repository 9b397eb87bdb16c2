#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/address.hpp"
#include "lbcore/mistake.hpp"

namespace lbcore::overlay {

using lblab::sys::Address;
using lblab::sys::Prefix;

/// All IPv4.
struct Settings {
  struct Route {
    Prefix to;    // addresses behind another node
    Address via;  // that node's address
    bool operator==(const Route&) const = default;
  };
  std::string device;          // of the kind TUN; made where it is missing
  Address listen;              // this node's own address
  std::uint16_t port = 8285;   // of all nodes
  std::vector<Address> peers;  // who may send; without any, the nodes of the routes
  std::vector<Route> routes;
};

struct Parsed {
  std::optional<Settings> settings;  // where there are no mistakes
  Mistakes mistakes;
};

/// Reads YAML:
///     device: overlay
///     listen: 10.0.0.105
///     peers: [10.0.0.106, 10.0.0.109]
///     routes:
///       - {to: 172.16.2.0/24, via: 10.0.0.106}
Parsed parse(std::string_view text);

}  // namespace lbcore::overlay
