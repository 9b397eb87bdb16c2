#include "lbcore/dataplane/nat.hpp"

#include <algorithm>

#include "lbcore/dataplane/connections.hpp"
#include "lbcore/ipvs/namespace.hpp"

namespace lbcore::dataplane {

namespace {

bool is_ipv6(const Range& r) { return r.addresses.address.bits() == 128; }

/// Finds out to which service a connection was opened.
class Membership {
 public:
  explicit Membership(std::span<const Range> ranges) : ranges_(ranges) {}

  std::vector<Place> places(const Connection& c) const {
    std::vector<Place> found;
    for (const auto& range : ranges_)
      if (belongs(c, range)) found.push_back({key_of(range), c.server, c.server_port});
    return found;
  }

 private:
  std::span<const Range> ranges_;
};

}  // namespace

std::vector<ipvs::ServiceCounters> Nat::counters() {
  const auto rules = read();
  struct Open {
    std::uint32_t active = 0, inactive = 0;
  };
  std::map<Place, Open> open;
  const Membership membership(ranges_);
  for (const auto& connection : connections())
    for (const auto& place : membership.places(connection))
      ++(connection.established ? open[place].active : open[place].inactive);
  std::vector<ipvs::ServiceCounters> all;
  for (const auto& service : rules.table) {
    ipvs::ServiceCounters counters{service.key, {}, {}};
    for (const auto& d : service.destinations) {
      const Place place{service.key, d.address, d.port};
      const auto count = rules.counts.find(place);
      Counters counted;
      if (count != rules.counts.end()) counted.connections = count->second.packets;
      counters.counters.connections += counted.connections;
      counters.destinations.push_back(
          {d.address, d.port, counted, open[place].active, open[place].inactive, 0});
    }
    all.push_back(std::move(counters));
  }
  return all;
}

void Nat::prepare(std::span<const Range> ranges) {
  if (!std::ranges::all_of(ranges, is_ipv6)) ipvs::set_sysctl("net.ipv4.ip_forward", "1");
  if (std::ranges::any_of(ranges, is_ipv6)) ipvs::set_sysctl("net.ipv6.conf.all.forwarding", "1");
  ranges_.assign(ranges.begin(), ranges.end());
  write(ranges_, read());
}

void Nat::apply(const Table& desired, std::span<const ipvs::Change>) {
  write(ranges_, {desired, read().counts});
  const Membership membership(ranges_);
  const auto has = [&](const Place& place) {
    const auto service = std::ranges::find(desired, place.service, &VirtualService::key);
    return service != desired.end() && std::ranges::any_of(service->destinations, [&](const Destination& d) {
             return d.address == place.address && d.port == place.port;
           });
  };
  auto gone = connections();
  std::erase_if(gone, [&](const Connection& connection) {
    const auto places = membership.places(connection);
    return places.empty() || std::ranges::any_of(places, has);
  });
  forget(gone);
}

void Nat::clear() {
  ranges_.clear();
  write({}, {});
}

}  // namespace lbcore::dataplane
