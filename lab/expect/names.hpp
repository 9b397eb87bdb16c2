#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lab/expect/evidence.hpp"

namespace lblab::expect {

/// Who an address is, and who stands behind a name: by one census and, for those who have gone since, by the
/// ones before it. Addresses are text, as events have them.
class Names {
 public:
  explicit Names(const Census& now) : Names(std::vector<const Census*>{&now}) {}
  /// At least one, the newest first, which must outlive this.
  explicit Names(const std::vector<const Census*>& censuses);

  /// Its host's name; empty: nobody's. Of several owners the first by name.
  std::string host_of(const std::string& address) const;
  /// "node1 (10.0.0.105)", or the address alone.
  std::string label(const std::string& address) const;
  /// "node1 (10.0.0.105), node2 (10.0.0.106)"; "none".
  std::string labels(const std::set<std::string>& addresses) const;
  bool owns(const std::string& host, const std::string& address) const;
  /// The addresses of a host, as last known.
  const std::set<std::string>& addresses(const std::string& host) const;
  /// The node that a pod is on; of any other host: itself.
  std::string node_of(const std::string& host) const;
  bool is_pod(const std::string& host) const;

  /// A service's load balancers stand for its name; any other name stands for itself.
  std::set<std::string> balancers(const std::vector<std::string>& names) const;
  /// The same, and of a service the nodes that hold them.
  std::set<std::string> next_hops(const std::vector<std::string>& names) const;
  /// The load-balancer pods on a node, and the node's pods of every kind.
  const std::set<std::string>& balancers_on(const std::string& node) const;
  const std::set<std::string>& pods_on(const std::string& node) const;
  /// The web pods of a service; empty where there is no such service.
  std::vector<std::string> real_servers(const std::string& service) const;

 private:
  const Census* now_;
  std::map<std::string, std::string> owner_;                       // address → host
  std::map<std::string, std::set<std::string>> addresses_;         // of every host
  std::map<std::string, std::string> node_of_;                     // pod → node
  std::map<std::string, std::set<std::string>> balancers_, pods_;  // by node
  std::map<std::string, std::vector<std::string>> real_servers_;   // by service
};

/// "10.0.0.1:80" → "10.0.0.1", "[2001:db8::1]:80" → "2001:db8::1"; an address alone stays as it is.
std::string without_port(const std::string& text);

}  // namespace lblab::expect
