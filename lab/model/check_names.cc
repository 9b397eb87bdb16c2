#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/model/check.hpp"
#include "lab/model/cluster.hpp"
#include "lab/model/inventory.hpp"
#include "lab/model/read.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

void check_nodes(const View& topology, Diagnostics& out) {
  for (const View& node : topology["nodes"].each()) {
    if (node.name() == "fabric")
      out.push_back(
          {node.name_mark(), "node 'fabric' has the name of the lab's own switch", "choose another name"});
    for (const View& network : topology["networks"].each())
      if (network["cloud"].given() && node.name() == gateway_name(network.name()))
        out.push_back({node.name_mark(),
                       fmt::format("node {} has the name of the gateway of network '{}'", shown(node.name()),
                                   network.name()),
                       "choose another name"});
    if (const auto pod = pod_name(node.name(), topology["services"]))
      out.push_back(
          {node.name_mark(),
           fmt::format("node {} has the name of a pod of service '{}'", shown(node.name()), pod->service),
           "choose another name"});
  }
}

void check_services(const View& services, Diagnostics& out) {
  for (const View& service : services.each()) {
    std::string_view other = service.name();
    if (!other.ends_with("-lb")) continue;
    other.remove_suffix(3);
    if (services.at(other).given())
      out.push_back({service.name_mark(),
                     fmt::format("the pods of service '{}' have the names of the load balancers of '{}'",
                                 service.name(), other),
                     "choose another name"});
  }
}

/// The lab's own interfaces on a node that holds pods: the pods' bridge, an end for each pod, and what wraps
/// their packets.
bool is_for_pods(const std::string& interface) {
  return interface == "cbr0" || interface == "overlay" ||
         (interface.starts_with("pod") && interface.size() > 3 &&
          interface.find_first_not_of("0123456789", 3) == interface.npos);
}

void check_interfaces(const View& topology, Diagnostics& out) {
  std::set<std::string> taken;  // NODE:INTERFACE
  for (const View& node : topology["nodes"].each())
    for (std::size_t n = 0; n < node["interfaces"].each().size(); ++n)
      taken.insert(fmt::format("{}:eth{}", node.name(), n));
  for (const View& link : topology["links"].each()) {
    for (const View& end : link["ends"].each()) {
      if (!end.ok()) continue;
      const auto [node, interface] = end.as<LinkEnd>();
      const auto role = topology["nodes"].at(node)["role"].as<std::string>();
      const bool holds_pods = role == "node" || (role == "route-reflector" && interface == "overlay");
      if (!taken.insert(node + ":" + interface).second)
        out.push_back({end.mark(), fmt::format("node '{}' has another interface '{}'", node, interface),
                       "give each its own name; those on networks are eth0, eth1, …"});
      else if (holds_pods && is_for_pods(interface))
        out.push_back({end.mark(),
                       fmt::format("interface '{}' is the lab's own on a {}", interface,
                                   role == "node" ? "node that holds pods" : role),
                       "choose another name"});
    }
  }
}

/// What the lab itself runs in a node that holds pods.
std::set<std::string> own_processes_of_nodes(const View& services) {
  std::set<std::string> own{"overlayd"};
  for (const View& service : services.each())
    if (const View balancers = service["load-balancers"]; balancers["in"].as<std::string>() == "node") {
      const auto names = processes_of_balancer(balancers);
      own.insert(names.listed().begin(), names.listed().end());
    }
  return own;
}

/// What the lab itself runs in a host of this role.
std::set<std::string> own_processes(const View& node, const View& services) {
  const auto role = node["role"].as<std::string>();
  if (role == "node") return own_processes_of_nodes(services);
  if (role == "route-reflector" || (role == "router" && node["bgp"].given()))
    return {"gobgpd", "bgpd", "zebra", "bird", "fibd", "overlayd"};
  return {};
}

void check_processes(const View& node, const View& services, Diagnostics& out) {
  const auto own = own_processes(node, services);
  std::set<std::string> taken;
  for (const View& process : node["processes"].each()) {
    const auto name = process_name(process);
    if (name.empty()) continue;
    if (own.contains(name))
      out.push_back({process.mark(),
                     fmt::format("process {} has the name of one that the lab runs here", shown(name)),
                     "add a name: of its own"});
    else if (!taken.insert(name).second)
      out.push_back({process.mark(),
                     fmt::format("node '{}' has another process {}", node.name(), shown(name)),
                     "add a name: of its own"});
  }
}

}  // namespace

void check_names(const View& topology, Diagnostics& out) {
  check_nodes(topology, out);
  check_services(topology["services"], out);
  check_interfaces(topology, out);
  for (const View& node : topology["nodes"].each()) check_processes(node, topology["services"], out);
}

}  // namespace lblab::model
