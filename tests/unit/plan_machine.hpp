#pragma once

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

#include "lab/plan/op.hpp"

namespace lblab::plan {

/// A machine of the mind: what ops do to it, with the kernel's rules about what must be there first and what
/// goes along. Throws Impossible where a kernel would refuse.
class Machine {
 public:
  struct Impossible : std::runtime_error {
    using runtime_error::runtime_error;
  };
  struct MachineLink {
    LinkKind kind;
    std::string master, mac, alias;
    int mtu = 0;
    bool up = false;
    std::set<Prefix> addresses;
    std::optional<std::pair<std::string, std::string>> other_end;
    Impairment impairment = {};
    bool feeds_xdp = false;
    bool operator==(const MachineLink&) const = default;
  };
  struct MachineHost {
    bool named = true;
    std::map<std::string, MachineLink> links{{"lo", {Loopback{}}}};
    std::map<std::pair<Prefix, std::uint32_t>, Route> routes;
    std::map<std::tuple<std::string, Address, std::string>, Neighbour> neighbours;
    std::map<std::string, std::string> sysctls;
    std::string nftables;
    std::map<std::string, File> files;
    std::map<std::string, Process> processes;
    std::map<std::string, std::set<Prefix>> subnets_taken;  // from which an address was removed
    std::set<std::string> names_in_the_way;                 // of links whose other end's host has just gone
    bool operator==(const MachineHost& other) const {
      return std::tie(named, links, routes, neighbours, sysctls, nftables, files, processes) ==
             std::tie(other.named, other.links, other.routes, other.neighbours, other.sysctls, other.nftables,
                      other.files, other.processes);
    }
  };
  std::map<std::string, MachineHost> hosts;

  void apply(const Plan& plan) {
    for (const auto& op : plan) try {
        std::visit(*this, op);
      } catch (const Impossible& why) {
        throw Impossible(describe(op) + ": " + why.what());
      }
  }

  void operator()(const AddHost& op) {
    require(!hosts.contains(op.host), "it is there");
    hosts[op.host].named = op.named;
  }
  void operator()(const RemoveHost& op) {
    require(at(op.host).processes.empty(), "its processes were not stopped");
    for (const auto& [name, link] : at(op.host).links)
      if (link.other_end && link.other_end->first != op.host) {
        auto& other = at(link.other_end->first);
        lose(other, link.other_end->second);
        other.names_in_the_way.insert(link.other_end->second);
      }
    hosts.erase(op.host);
  }
  void operator()(const AddLink& op) {
    auto& host = at(op.host);
    require_free(host, op.link.name);
    require(op.link.master.empty() || is<Bridge>(host, op.link.master), "no such bridge");
    MachineLink link{op.link.kind, op.link.master, op.link.mac, op.link.alias, op.link.mtu};
    if (const auto* veth = std::get_if<Veth>(&op.link.kind)) {
      auto& far = at(veth->peer_host);
      require_free(far, veth->peer_link);
      link.other_end = {veth->peer_host, veth->peer_link};
      far.links[veth->peer_link] = {VethPeer{}};
      far.links[veth->peer_link].other_end = {op.host, op.link.name};
    } else if (const auto* vxlan = std::get_if<Vxlan>(&op.link.kind)) {
      require(host.links.contains(vxlan->underlay), "no underlay");
    } else {
      require(
          !std::holds_alternative<VethPeer>(op.link.kind) && !std::holds_alternative<Loopback>(op.link.kind),
          "it cannot be made");
    }
    host.links[op.link.name] = link;
  }
  void operator()(const RemoveLink& op) { remove(at(op.host), op.link); }
  void operator()(const ConfigureLink& op) {
    auto& link = the_link(op.host, op.link.name);
    require(op.link.master.empty() || is<Bridge>(at(op.host), op.link.master), "no such bridge");
    link.master = op.link.master;
    link.alias = op.link.alias;
    if (op.link.mtu) link.mtu = op.link.mtu;
    if (!op.link.mac.empty()) link.mac = op.link.mac;
  }
  void operator()(const SetLink& op) {
    auto& link = the_link(op.host, op.link);
    if (is<Bridge>(at(op.host), op.link))
      for (const auto& [name, port] : at(op.host).links)
        require(port.master != op.link || port.up, "a port is not up yet");
    link.up = op.up;
  }
  void operator()(const Impair& op) { the_link(op.host, op.link).impairment = op.impairment; }
  void operator()(const FeedXdp& op) { the_link(op.host, op.link).feeds_xdp = op.on; }
  void operator()(const AddAddress& op) { the_link(op.host, op.link).addresses.insert(op.address); }
  void operator()(const RemoveAddress& op) {
    auto& host = at(op.host);
    auto& link = the_link(op.host, op.link);
    auto& gone_along = host.subnets_taken[op.link];
    require(link.addresses.contains(op.address) || gone_along.contains(op.address.network()),
            "no such address");
    gone_along.insert(op.address.network());
    // The first of a subnet takes the others with it; which one is first is the kernel's affair.
    std::erase_if(link.addresses, [&](const Prefix& a) { return a.network() == op.address.network(); });
    lose_routes(host);
    if (!link.addresses.empty()) return;
    std::erase_if(host.neighbours,
                  [&](const auto& n) { return n.second.link == op.link && !n.second.bridge_fdb; });
    std::erase_if(host.sysctls,
                  [&](const auto& s) { return s.first.find("." + op.link + ".") != std::string::npos; });
  }
  void operator()(const SetRoute& op) {
    auto& host = at(op.host);
    require(is_possible(host, op.route), "a next hop cannot be reached");
    host.routes[{op.route.destination, op.route.table}] = op.route;
  }
  void operator()(const RemoveRoute& op) {
    require(at(op.host).routes.erase({op.route.destination, op.route.table}) == 1, "no such route");
  }
  void operator()(const SetNeighbour& op) {
    the_link(op.host, op.neighbour.link);
    at(op.host).neighbours[key(op.neighbour)] = op.neighbour;
  }
  void operator()(const RemoveNeighbour& op) {
    require(at(op.host).neighbours.erase(key(op.neighbour)) == 1, "no such neighbour");
  }
  void operator()(const SetSysctl& op) {
    for (const auto* device : {"eth0", "eth1", "vx"})
      if (op.key.find("." + std::string(device) + ".") != std::string::npos) the_link(op.host, device);
    if (op.value.empty())
      at(op.host).sysctls.erase(op.key);
    else
      at(op.host).sysctls[op.key] = op.value;
  }
  void operator()(const SetNftables& op) { at(op.host).nftables = op.ruleset; }
  void operator()(const WriteFile& op) { at(op.host).files[op.file.path] = op.file; }
  void operator()(const RemoveFile& op) { require(at(op.host).files.erase(op.path) == 1, "no such file"); }
  void operator()(const Spawn& op) {
    auto& host = at(op.host);
    for (const auto& name : op.process.after)
      require(host.processes.contains(name), "it is to start after " + name);
    require(host.processes.emplace(op.process.name, op.process).second, "it runs");
  }
  void operator()(const Stop& op) {
    require(at(op.host).processes.erase(op.process.name) == 1, "it does not run");
  }
  void operator()(const Reload& op) {
    require(at(op.host).processes.contains(op.process.name), "it does not run");
  }

 private:
  static void require(bool holds, const std::string& otherwise) {
    if (!holds) throw Impossible(otherwise);
  }
  static std::tuple<std::string, Address, std::string> key(const Neighbour& n) {
    return {n.link, n.address, n.bridge_fdb ? n.mac : ""};
  }
  MachineHost& at(const std::string& name) {
    require(hosts.contains(name), "no host " + name);
    return hosts[name];
  }
  MachineLink& the_link(const std::string& host, const std::string& link) {
    require(at(host).links.contains(link), "no link " + link);
    return at(host).links[link];
  }
  static void require_free(const MachineHost& host, const std::string& link) {
    require(!host.links.contains(link) && !host.names_in_the_way.contains(link),
            "the name " + link + " is taken");
  }
  template <class Kind>
  static bool is(const MachineHost& host, const std::string& link) {
    const auto found = host.links.find(link);
    return found != host.links.end() && std::holds_alternative<Kind>(found->second.kind);
  }
  static bool is_possible(const MachineHost& host, const Route& route) {
    for (const auto& hop : route.next_hops) {
      bool reachable = false;
      for (const auto& [name, link] : host.links) {
        if (!link.up || (!hop.link.empty() && name != hop.link)) continue;
        reachable |= !hop.via || route.on_link;
        for (const auto& address : link.addresses) reachable |= hop.via && address.contains(*hop.via);
      }
      if (!reachable) return false;
    }
    return true;
  }
  static void lose_routes(MachineHost& host) {
    std::erase_if(host.routes, [&](const auto& entry) { return !is_possible(host, entry.second); });
  }
  void lose(MachineHost& host, const std::string& name) {
    host.links.erase(name);
    for (auto& [other, link] : host.links)
      if (link.master == name) link.master.clear();
    std::vector<std::string> standing_on_it;
    for (const auto& [other, link] : host.links)
      if (const auto* vxlan = std::get_if<Vxlan>(&link.kind); vxlan && vxlan->underlay == name)
        standing_on_it.push_back(other);
    for (const auto& other : standing_on_it) lose(host, other);
    std::erase_if(host.neighbours, [&](const auto& n) { return n.second.link == name; });
    std::erase_if(host.sysctls,
                  [&](const auto& s) { return s.first.find("." + name + ".") != std::string::npos; });
    lose_routes(host);
  }
  void remove(MachineHost& host, const std::string& name) {
    require(host.links.contains(name), "no link " + name);
    const auto other = host.links[name].other_end;
    lose(host, name);
    if (other) lose(at(other->first), other->second);
  }
};

}  // namespace lblab::plan
