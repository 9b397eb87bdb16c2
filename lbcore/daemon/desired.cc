#include "lbcore/daemon/desired.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace lbcore::daemon {

ServiceKey key_of(const ServiceSettings& s) {
  if (s.mark) return ByMark{s.mark, s.addresses.address.bits() == 128};
  return ByAddress{s.addresses.address, s.port, s.protocol};
}

Destination destination_of(const ServiceSettings& s, const Endpoint& endpoint, bool drained) {
  Destination d;
  d.address = endpoint.address;
  d.port = s.forwarding == Forwarding::nat ? endpoint.port : s.port;
  d.weight = drained || endpoint.draining ? 0 : s.weight;
  d.forwarding = s.forwarding;
  d.upper_threshold = s.thresholds.upper;
  d.lower_threshold = s.thresholds.lower;
  return d;
}

Table desired_table(std::span<const Known> known) {
  Table table;
  for (const auto& [settings, healthy, drained] : known) {
    VirtualService service;
    service.key = key_of(*settings);
    service.scheduler = settings->scheduler;
    service.flags = settings->flags;
    service.persistence_timeout_s = settings->persistence_s;
    for (const auto& endpoint : healthy)
      service.destinations.push_back(destination_of(*settings, endpoint, drained));
    // Endpoints that differ only in their port are one real server where the port is the service's.
    const auto where = [](const Destination& d) { return std::pair(d.address, d.port); };
    std::ranges::sort(service.destinations, [&](const auto& a, const auto& b) {
      return std::tuple(where(a), -a.weight) < std::tuple(where(b), -b.weight);
    });
    const auto same_place = [&](const auto& a, const auto& b) { return where(a) == where(b); };
    service.destinations.erase(
        std::unique(service.destinations.begin(), service.destinations.end(), same_place),
        service.destinations.end());
    table.push_back(std::move(service));
  }
  std::ranges::sort(table, {}, &VirtualService::key);
  return table;
}

std::vector<Route> desired_routes(std::span<const Known> known) {
  std::set<Route> routes;
  for (const auto& [settings, healthy, drained] : known)
    if (settings->announce && !drained && !std::ranges::all_of(healthy, &Endpoint::draining))
      routes.insert(*settings->announce);
  return {routes.begin(), routes.end()};
}

std::vector<Known> in_table(std::vector<Known> all, const Table& table) {
  for (auto& known : all) {
    const auto service = std::ranges::find(table, key_of(*known.settings), &VirtualService::key);
    std::erase_if(known.healthy, [&](const Endpoint& endpoint) {
      const auto d = destination_of(*known.settings, endpoint, false);
      return service == table.end() ||
             std::ranges::none_of(service->destinations, [&](const Destination& there) {
               return there.address == d.address && there.port == d.port;
             });
    });
  }
  return all;
}

std::vector<Range> ranges(std::span<const ServiceSettings> services) {
  std::vector<Range> ranges;
  for (const auto& s : services)
    ranges.push_back({s.addresses, s.port, s.protocol, s.mark, s.masquerade, s.health});
  return ranges;
}

}  // namespace lbcore::daemon
