#include "lab/observe/event.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace lblab::observe {

namespace {

using nlohmann::json;

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// As ip(8) calls them (iproute2's rt_protos); others by number.
json protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 2:
      return "kernel";
    case 3:
      return "boot";
    case 4:
      return "static";
    case 12:
      return "bird";
    case 186:
      return "bgp";
    default:
      return protocol;
  }
}

json type_name(std::uint8_t type) {
  static constexpr const char* names[] = {"unspec",    "unicast",   "local",       "broadcast", "anycast",
                                          "multicast", "blackhole", "unreachable", "prohibit"};
  return type < std::size(names) ? json(names[type]) : json(type);
}

json hops(const std::vector<RouteState::Hop>& all) {
  auto list = json::array();
  for (const auto& hop : all) {
    json one{{"weight", hop.weight}};
    if (hop.via) one["via"] = hop.via->str();
    if (!hop.link.empty()) one["dev"] = hop.link;
    list.push_back(std::move(one));
  }
  return list;
}

json gateways(const std::vector<RouteState::Hop>& all) {
  auto list = json::array();
  for (const auto& hop : all)
    if (hop.via) list.push_back(hop.via->str());
  return list;
}

struct Fields {
  json& line;
  void operator()(const LinkState& l) const {
    line.update({{"event", "link"},
                 {"link", l.name},
                 {"up", l.up},
                 {"carrier", l.carrier},
                 {"mtu", l.mtu},
                 {"mac", l.mac}});
    if (!l.kind.empty()) line["kind"] = l.kind;
    if (!l.master.empty()) line["master"] = l.master;
    if (!l.alias.empty()) line["alias"] = l.alias;
  }
  void operator()(const AddressState& a) const {
    line.update({{"event", "address"}, {"link", a.link}, {"address", a.address.str()}});
  }
  void operator()(const RouteState& r) const {
    line.update({{"event", "route"},
                 {"destination", r.destination.str()},
                 {"type", type_name(r.type)},
                 {"protocol", protocol_name(r.protocol)},
                 {"table", r.table},
                 {"via", gateways(r.next_hops)},
                 {"next-hops", hops(r.next_hops)}});
    if (r.metric) line["metric"] = r.metric;
  }
  void operator()(const NexthopState& n) const {
    line.update({{"event", "nexthop"}, {"id", n.id}, {"group", n.is_group}, {"next-hops", hops(n.hops)}});
  }
  void operator()(const NeighbourState& n) const {
    static constexpr const char* states[] = {"incomplete", "resolved", "failed", "permanent"};
    line.update({{"event", "neighbour"},
                 {"link", n.link},
                 {"address", n.address.str()},
                 {"mac", n.mac},
                 {"reachability", states[static_cast<int>(n.state)]}});
  }
};

}  // namespace

json to_json(const Event& event) {
  json line{{"t", seconds(event.clock)}, {"time", seconds(event.wall)}, {"host", event.host}};
  if (event.gap) {
    line["event"] = "gap";
    return line;
  }
  line["state"] = event.removed ? "removed" : "present";
  if (event.initial) line["initial"] = true;
  const Fields put{line};
  if (event.link) put(*event.link);
  if (event.address) put(*event.address);
  if (event.route) put(*event.route);
  if (event.nexthop) put(*event.nexthop);
  if (event.neighbour) put(*event.neighbour);
  return line;
}

void print(std::ostream& out, const Event& event) {
  out << to_json(event).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

}  // namespace lblab::observe
