#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "lbcore/dataplane/dataplane.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::dataplane {

/// What lbd's configuration calls it.
std::string name(DataplaneKind);
/// Of every kind, in the order of the enumeration.
std::vector<std::string> names();

/// What a kind of dataplane can do.
struct Abilities {
  std::vector<std::string> schedulers;                   // the first is the default
  std::vector<Forwarding> forwardings{Forwarding::nat};  // the first is the default
  bool ipv6 = false;
  bool tcp_only = false;
  bool proxies = false;  // opens connections of its own, so that real servers always see this machine
  bool is_ipvs = false;  // scheduler flags, persistence and one-packet scheduling
  // Takes a range by its addresses, and any port; there are no firewall marks. Packets come in by one
  // interface.
  bool ranges = false;
  bool checks = false;  // real servers, by itself: table() has those that it finds healthy
};
const Abilities& abilities(DataplaneKind);

/// The one that the settings name. `folder`: for the files of a program that it runs. Throws SystemError
/// where the kernel lacks what it needs.
std::unique_ptr<Dataplane> make(const Settings&, boost::asio::any_io_executor, const std::string& folder);

}  // namespace lbcore::dataplane
