#include "lbcore/dataplane/xdp_services.hpp"

#include <algorithm>

namespace lbcore::dataplane {

namespace {

constexpr const char* scheduler = "mh";  // Maglev hashing, as IPVS calls it

xdp::ServiceName name_of(const Range& range) { return {range.addresses, range.port, range.protocol}; }

xdp::RealServer server_of(const Destination& d) {
  return {.address = d.address,
          .weight = static_cast<std::uint32_t>(d.weight),
          .forwarding = d.forwarding,
          .mac = {}};
}

/// Packets keep their port, so it is the service's.
Destination destination_of(const xdp::ServiceName& service, const xdp::RealServer& server) {
  Destination d;
  d.address = server.address;
  d.port = service.port;
  d.weight = static_cast<std::int32_t>(server.weight);
  d.forwarding = server.forwarding;
  return d;
}

Counters counters_of(const xdp::Traffic& traffic) {
  Counters counters;
  counters.packets_in = traffic.packets;
  counters.bytes_in = traffic.bytes;
  return counters;
}

}  // namespace

std::vector<xdp::Service> xdp_services(std::span<const Range> ranges, const Table& table) {
  std::vector<xdp::Service> services;
  for (const auto& range : ranges) {
    const auto wanted = std::ranges::find(table, lbcore::key_of(range), &VirtualService::key);
    if (wanted == table.end()) continue;
    auto& service = services.emplace_back(xdp::Service{name_of(range), {}});
    for (const auto& d : wanted->destinations) service.servers.push_back(server_of(d));
  }
  return services;
}

ServiceKey key_of(const xdp::ServiceName& name) {
  return ByAddress{name.addresses.address, name.port, name.protocol};
}

Table table_of(std::span<const xdp::Service> services) {
  Table table;
  for (const auto& service : services) {
    VirtualService made{.key = key_of(service.name), .scheduler = scheduler};
    for (const auto& server : service.servers)
      made.destinations.push_back(destination_of(service.name, server));
    std::ranges::sort(made.destinations);
    table.push_back(std::move(made));
  }
  std::ranges::sort(table, {}, &VirtualService::key);
  return table;
}

std::vector<xdp::Service> moved_to(std::span<const Range> ranges, std::vector<xdp::Service> services) {
  for (auto& service : services) {
    const auto range =
        std::ranges::find(ranges, key_of(service.name), [](const Range& r) { return lbcore::key_of(r); });
    if (range != ranges.end()) service.name = name_of(*range);
  }
  return services;
}

std::vector<ipvs::ServiceCounters> counters_of(std::span<const xdp::ServiceCounters> services) {
  std::vector<ipvs::ServiceCounters> all;
  for (const auto& service : services) {
    auto& counted =
        all.emplace_back(ipvs::ServiceCounters{key_of(service.name), counters_of(service.total()), {}});
    for (const auto& server : service.servers)
      counted.destinations.push_back({server.address, service.name.port, counters_of(server.total()),
                                      server.connections.active, server.connections.inactive, 0});
  }
  std::ranges::sort(all, {}, &ipvs::ServiceCounters::key);
  return all;
}

}  // namespace lbcore::dataplane
