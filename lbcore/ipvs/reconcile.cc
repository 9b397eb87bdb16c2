#include "lbcore/ipvs/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lbcore::ipvs {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string endpoint(const Address& address, std::uint16_t port) {
  return address.bits() == 128 ? fmt::format("[{}]:{}", address.str(), port)
                               : fmt::format("{}:{}", address.str(), port);
}

std::string values(const VirtualService& service) {
  std::string text = service.scheduler;
  if (service.flags) text += fmt::format(", flags {:#x}", service.flags);
  if (service.persistence_timeout_s) text += fmt::format(", timeout {} s", service.persistence_timeout_s);
  if (service.netmask != VirtualService{}.netmask) text += fmt::format(", netmask {:#x}", service.netmask);
  return text;
}

std::string values(const Destination& d) {
  std::string text = fmt::format("{}, weight {}", name(d.forwarding), d.weight);
  if (d.upper_threshold || d.lower_threshold)
    text += fmt::format(", thresholds {} to {}", d.lower_threshold, d.upper_threshold);
  return text;
}

std::string of_service(std::string_view verb, const Address& address, std::uint16_t port,
                       std::string_view preposition, const ServiceKey& service) {
  return fmt::format("{} destination {} {} service {}", verb, endpoint(address, port), preposition,
                     describe(service));
}

VirtualService bare(VirtualService service) {
  service.destinations.clear();
  return service;
}

using EndpointKey = std::pair<Address, std::uint16_t>;
EndpointKey key(const Destination& d) { return {d.address, d.port}; }

void reconcile_destinations(const VirtualService& want, const VirtualService& have,
                            std::vector<Change>& out) {
  std::map<EndpointKey, const Destination*> present;
  for (const auto& d : have.destinations) present.emplace(key(d), &d);
  std::vector<Change> lowered;
  for (const auto& d : want.destinations) {
    const auto it = present.find(key(d));
    if (it == present.end()) {
      out.push_back(AddDestination{want.key, d});
      continue;
    }
    if (*it->second != d)
      (d.weight > it->second->weight ? out : lowered).push_back(EditDestination{want.key, d});
    present.erase(it);
  }
  std::ranges::move(lowered, std::back_inserter(out));
  for (const auto& [gone, d] : present) out.push_back(RemoveDestination{want.key, d->address, d->port});
}

}  // namespace

std::vector<Change> reconcile(const Table& desired, const Table& actual) {
  std::map<ServiceKey, const VirtualService*> present;
  for (const auto& service : actual) present.emplace(service.key, &service);
  std::vector<Change> changes;
  for (const auto& want : desired) {
    const auto it = present.find(want.key);
    if (it == present.end()) {
      changes.push_back(AddService{bare(want)});
      reconcile_destinations(want, {}, changes);
      continue;
    }
    if (bare(want) != bare(*it->second)) changes.push_back(EditService{bare(want)});
    reconcile_destinations(want, *it->second, changes);
    present.erase(it);
  }
  for (const auto& [gone, service] : present) changes.push_back(RemoveService{gone});
  return changes;
}

std::string describe(const ServiceKey& service) {
  return std::visit(
      Overloaded{[](const ByAddress& s) {
                   return fmt::format("{} {}", name(s.protocol), endpoint(s.address, s.port));
                 },
                 [](const ByMark& s) { return fmt::format("fwmark {}{}", s.mark, s.ipv6 ? " (IPv6)" : ""); }},
      service);
}

std::string attempt(const Change& change) {
  return std::visit(
      Overloaded{[](const AddService& c) { return "add service " + describe(c.service.key); },
                 [](const EditService& c) { return "edit service " + describe(c.service.key); },
                 [](const RemoveService& c) { return "remove service " + describe(c.service); },
                 [](const AddDestination& c) {
                   return of_service("add", c.destination.address, c.destination.port, "to", c.service);
                 },
                 [](const EditDestination& c) {
                   return of_service("edit", c.destination.address, c.destination.port, "of", c.service);
                 },
                 [](const RemoveDestination& c) {
                   return of_service("remove", c.address, c.port, "from", c.service);
                 }},
      change);
}

std::string describe(const Change& change) {
  const auto with = [&](const auto& value) { return attempt(change) + ": " + values(value); };
  return std::visit(Overloaded{[&](const AddService& c) { return with(c.service); },
                               [&](const EditService& c) { return with(c.service); },
                               [&](const AddDestination& c) { return with(c.destination); },
                               [&](const EditDestination& c) { return with(c.destination); },
                               [&](const auto&) { return attempt(change); }},
                    change);
}

}  // namespace lbcore::ipvs
