#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/model/check.hpp"
#include "lab/model/nearest.hpp"
#include "lab/model/read.hpp"
#include "lab/model/value.hpp"
#include "lab/sys/address.hpp"

namespace lblab::model {
namespace {

using sys::Address;
using sys::Prefix;

class References {
 public:
  References(const View& topology, Diagnostics& out)
      : networks_(topology["networks"]), nodes_(topology["nodes"]), overlay_(topology["overlay"]), out_(out) {
    for (const View& link : topology["links"].each()) check_link(link);
    for (const View& node : nodes_.each()) check_node(node);
  }

 private:
  /// What a node's next hops can be found on.
  struct Reach {
    std::vector<Prefix> subnets;  // with the node's own address
    std::vector<Address> gateways;
    bool known = true;  // false: something of it is malformed, and reported already
  };

  void check_exists(const char* what, const std::string& name, Mark mark, const View& all) {
    if (all.at(name).given()) return;
    const auto meant = nearest(name, all.names());
    out_.push_back(
        {mark, fmt::format("there is no {} {}", what, shown(name)),
         meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("add it under {}s", what)});
  }

  void check_link(const View& link) {
    const auto ends = link["ends"].each();
    const auto addresses = link["addresses"].each();
    for (std::size_t n = 0; n < ends.size(); ++n) {
      if (!ends[n].ok()) continue;
      const auto [node, interface] = ends[n].as<LinkEnd>();
      check_exists("node", node, ends[n].mark(), nodes_);
      Reach& reach = link_reach_[node];
      if (n < addresses.size() && addresses[n].ok())
        reach.subnets.push_back(addresses[n].as<Prefix>());
      else if (n < addresses.size())
        reach.known = false;
    }
  }

  void check_node(const View& node) {
    for (const View& on : node["interfaces"].each())
      check_exists("network", on.name(), on.name_mark(), networks_);
    check_gateway(node);
    const auto routes = node["routes"].each();
    if (routes.empty()) return;
    const Reach reach = reach_of(node);
    std::set<Prefix> seen;
    for (const View& route : routes) check_route(node, route, reach, seen);
  }

  void check_gateway(const View& node) {
    const View gateway = node["gateway"];
    if (!gateway.ok()) return;
    const auto name = gateway.as<std::string>();
    check_exists("node", name, gateway.mark(), nodes_);
    const View other = nodes_.at(name);
    if (!other.given()) return;
    if (name == node.name())
      out_.push_back({gateway.mark(), fmt::format("node '{}' is its own gateway", name),
                      "name a router, or leave it out"});
    else if (std::ranges::none_of(node["interfaces"].each(),
                                  [&](const View& on) { return other["interfaces"].at(on.name()).given(); }))
      out_.push_back({gateway.mark(),
                      fmt::format("the gateway '{}' is on no network of node '{}'", name, node.name()),
                      "put both on one network"});
  }

  Reach reach_of(const View& node) const {
    const auto found = link_reach_.find(node.name());
    Reach reach = found == link_reach_.end() ? Reach{} : found->second;
    for (const View& on : node["interfaces"].each()) {
      const View subnet = networks_.at(on.name())["subnet"];
      if (const View address = on["address"]; subnet.ok() && address.ok())
        add_segment(node, networks_.at(on.name()), address.as<Address>(), reach);
      else
        reach.known = false;
    }
    if (node["role"].as<std::string>() == "node" && overlay_.given()) {
      const View subnet = overlay_["subnet"];
      reach.known = reach.known && subnet.ok();
      if (subnet.ok()) reach.subnets.push_back(subnet.as<Prefix>());
    }
    return reach;
  }

  /// In a cloud the hosts of a network are not all neighbours.
  static void add_segment(const View& node, const View& network, const Address& own, Reach& reach) {
    Prefix segment{own, network["subnet"].as<Prefix>().length};
    const View cloud = network["cloud"];
    if (cloud.ok() && cloud.as<std::string>() == "gcp" && !is_gateway(node, network)) {
      reach.gateways.push_back(segment.network().address + 1);
      segment.length = own.bits();
    }
    for (const View& part : network["subnets"].each())
      if (part.ok() && part.as<Prefix>().contains(own)) segment.length = part.as<Prefix>().length;
    reach.subnets.push_back(segment);
  }

  void check_route(const View& node, const View& route, const Reach& reach, std::set<Prefix>& seen) {
    const View to = route["to"];
    if (to.ok()) {
      const auto destination = to.as<Prefix>();
      if (!seen.insert(destination).second)
        out_.push_back({to.mark(),
                        fmt::format("node '{}' has another route to {}", node.name(), destination.str()),
                        "list the next hops of a multipath route in one via:"});
      if (destination.length == 0 && node["gateway"].given())
        out_.push_back({to.mark(), fmt::format("node '{}' has a gateway and a default route", node.name()),
                        "keep one of them"});
    }
    for (const View& via : route["via"].each())
      if (via.ok()) check_next_hop(node, to, via, reach);
  }

  void check_next_hop(const View& node, const View& to, const View& via, const Reach& reach) {
    const auto address = via.as<Address>();
    if (to.ok() && to.as<Prefix>().address.family() != address.family()) {
      out_.push_back(
          {via.mark(),
           fmt::format("next hop {} is not of the family of {}", address.str(), to.as<Prefix>().str()),
           "keep IPv4 and IPv6 apart"});
    } else if (std::ranges::find(reach.subnets, address, &Prefix::address) != reach.subnets.end()) {
      out_.push_back({via.mark(), fmt::format("next hop {} is node '{}' itself", address.str(), node.name()),
                      "name the neighbour's address"});
    } else if (reach.known && std::ranges::find(reach.gateways, address) == reach.gateways.end() &&
               std::ranges::none_of(reach.subnets,
                                    [&](const Prefix& subnet) { return subnet.contains(address); })) {
      out_.push_back({via.mark(),
                      fmt::format("next hop {} is on no subnet of node '{}'", address.str(), node.name()),
                      reach.subnets.empty() ? "give the node an address first"
                                            : fmt::format("it has {}", reach.subnets.front().str())});
    }
  }

  View networks_, nodes_, overlay_;
  Diagnostics& out_;
  std::map<std::string, Reach> link_reach_;
};

}  // namespace

void check_references(const View& topology, Diagnostics& out) { References(topology, out); }

}  // namespace lblab::model
