#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/model/seats.hpp"
#include "lab/model/view.hpp"

namespace lblab::model {

/// A name that a pod would have: SERVICE-1, SERVICE-lb-1, of a service that there is. Points into the name.
struct PodName {
  std::string_view service;
  bool is_load_balancer = false;
  std::string_view number;  // digits

  /// Whether there is such a pod, where there are so many.
  bool is_among(const Replicas& replicas) const;
};
std::optional<PodName> pod_name(std::string_view name, const View& services);

/// Names in an order, and quick to look up: a hostile file has many.
class Names {
 public:
  Names() = default;
  Names(std::initializer_list<const char*> names)
      : listed_(names.begin(), names.end()), known_(names.begin(), names.end()) {}
  void add(std::string name) {
    known_.insert(name);
    listed_.push_back(std::move(name));
  }
  bool has(std::string_view name) const { return known_.contains(name); }
  const std::vector<std::string>& listed() const { return listed_; }

 private:
  std::vector<std::string> listed_;
  std::set<std::string, std::less<>> known_;
};

/// What runs where a service balances: lbd, and what announces it.
Names processes_of_balancer(const View& load_balancers);

/// What a topology file says that its hosts have: looked up by what else the file says. It takes what is
/// malformed as absent. Points into the View's Yaml.
class Inventory {
 public:
  explicit Inventory(const View& topology);

  bool has_node(std::string_view name) const { return nodes_.at(name).given(); }
  /// The gateway of a cloud's network.
  bool has_gateway(std::string_view name) const { return gateways_.contains(name); }
  bool has_service(std::string_view name) const { return services_.at(name).given(); }
  bool has_load_balancers(std::string_view service) const;
  /// They are processes of the nodes, not pods.
  bool balances_in_nodes(std::string_view service) const;
  /// A router or reflector whose BGP agent the lab runs.
  bool speaks_bgp(std::string_view node) const;

  /// As written, or by default.
  Replicas replicas(std::string_view service) const;
  std::optional<PodName> pod(std::string_view name) const;

  /// Of a node, or (any other name) of a pod; in the order in which they are made.
  const Names& interfaces(const std::string& host) const;
  /// Of a node, or (any other name) of a pod, as `lblab logs` takes them.
  const Names& processes(const std::string& host) const;
  bool is_on_network(const std::string& node) const { return on_networks_.contains(node); }

  std::size_t pod_nodes() const { return pod_nodes_; }  // how many nodes hold pods
  const std::vector<std::string>& clients() const { return clients_; }
  const View& services() const { return services_; }
  /// Names of nodes and pods, to suggest one of them; of nodes only, or none, where there are too many.
  const std::vector<std::string>& hosts() const { return hosts_; }

 private:
  View nodes_, services_;
  std::map<std::string, Names> interfaces_, processes_;     // of nodes
  std::map<std::string, Names, std::less<>> of_balancers_;  // the processes of a service's load balancers
  std::set<std::string> on_networks_;
  std::set<std::string, std::less<>> gateways_;
  std::size_t pod_nodes_ = 0;
  std::vector<std::string> clients_, hosts_;
};

}  // namespace lblab::model
