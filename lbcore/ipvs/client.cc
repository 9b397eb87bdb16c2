#include "lbcore/ipvs/client.hpp"

#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <algorithm>
#include <optional>

#include "lab/sys/error.hpp"
#include "lbcore/ipvs/wire.hpp"

namespace lbcore::ipvs {

using lblab::sys::SystemError;

namespace {

wire::Message with(int family, std::uint8_t command, const auto& service) {
  auto m = wire::request(family, command);
  wire::put(m.get(), service);
  return m;
}

wire::Message message(int family, const AddService& c) {
  return with(family, IPVS_CMD_NEW_SERVICE, c.service);
}
wire::Message message(int family, const EditService& c) {
  return with(family, IPVS_CMD_SET_SERVICE, c.service);
}
wire::Message message(int family, const RemoveService& c) {
  return with(family, IPVS_CMD_DEL_SERVICE, c.service);
}
wire::Message message(int family, const AddDestination& c) {
  auto m = with(family, IPVS_CMD_NEW_DEST, c.service);
  wire::put(m.get(), c.destination);
  return m;
}
wire::Message message(int family, const EditDestination& c) {
  auto m = with(family, IPVS_CMD_SET_DEST, c.service);
  wire::put(m.get(), c.destination);
  return m;
}
wire::Message message(int family, const RemoveDestination& c) {
  auto m = with(family, IPVS_CMD_DEL_DEST, c.service);
  wire::put(m.get(), c.address, c.port);
  return m;
}

const std::string* scheduler_of(const Change& change) {
  if (const auto* c = std::get_if<AddService>(&change)) return &c->service.scheduler;
  if (const auto* c = std::get_if<EditService>(&change)) return &c->service.scheduler;
  return nullptr;
}

/// A service and its destinations, as dumped.
struct Dumped {
  wire::ServiceEntry service;
  std::vector<wire::DestinationEntry> destinations;
};

std::vector<wire::DestinationEntry> destinations_of(nl_sock* socket, int family, const ServiceKey& service) {
  std::vector<wire::DestinationEntry> destinations;
  auto request = wire::request(family, IPVS_CMD_GET_DEST, NLM_F_DUMP);
  wire::put(request.get(), service);
  for (const auto& m :
       wire::exchange(socket, std::move(request), "list the destinations of service " + describe(service)))
    destinations.push_back(wire::destination_of(m.get()));
  std::ranges::sort(destinations, {}, &wire::DestinationEntry::destination);
  return destinations;
}

std::vector<Dumped> dump(nl_sock* socket, int family) {
  std::vector<Dumped> all;
  auto services = wire::request(family, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
  for (const auto& m : wire::exchange(socket, std::move(services), "list the IPVS services"))
    all.push_back({wire::service_of(m.get()), {}});
  std::ranges::sort(all, {}, [](const Dumped& d) -> const ServiceKey& { return d.service.service.key; });
  for (auto& [entry, destinations] : all) destinations = destinations_of(socket, family, entry.service.key);
  return all;
}

/// Nothing: there is none.
std::optional<VirtualService> service_at(nl_sock* socket, int family, const ServiceKey& key) {
  auto request = wire::request(family, IPVS_CMD_GET_SERVICE);
  wire::put(request.get(), key);
  try {
    const auto answer = wire::exchange(socket, std::move(request), "read service " + describe(key));
    if (answer.empty()) return std::nullopt;
    return wire::service_of(answer.front().get()).service;
  } catch (const SystemError& e) {
    if (e.code().value() != ESRCH) throw;
    return std::nullopt;
  }
}

}  // namespace

void Client::Close::operator()(nl_sock* socket) const { nl_socket_free(socket); }

Client::Client() : socket_(nl_socket_alloc()) {
  if (!socket_) throw SystemError{"open a generic netlink socket", ENOMEM};
  if (genl_connect(socket_.get()) < 0) throw SystemError{"open a generic netlink socket", EIO};
  family_ = genl_ctrl_resolve(socket_.get(), IPVS_GENL_NAME);
  if (family_ < 0) throw SystemError{"use IPVS, which this kernel lacks (module ip_vs)", EPROTONOSUPPORT};
}

Table Client::table() {
  Table table;
  for (auto& [entry, destinations] : dump(socket_.get(), family_)) {
    table.push_back(std::move(entry.service));
    for (const auto& d : destinations) table.back().destinations.push_back(d.destination);
  }
  return table;
}

Table Client::table(std::span<const ServiceKey> keys) {
  Table table;
  for (const auto& key : keys) {
    auto service = service_at(socket_.get(), family_, key);
    if (!service) continue;
    for (const auto& d : destinations_of(socket_.get(), family_, key))
      service->destinations.push_back(d.destination);
    table.push_back(std::move(*service));
  }
  std::ranges::sort(table, {}, &VirtualService::key);
  return table;
}

std::vector<ServiceCounters> Client::counters() {
  std::vector<ServiceCounters> all;
  for (const auto& [entry, destinations] : dump(socket_.get(), family_)) {
    all.push_back({entry.service.key, entry.counters, {}});
    for (const auto& d : destinations) all.back().destinations.push_back(d.counters);
  }
  return all;
}

Timeouts Client::timeouts() {
  const auto answer =
      wire::exchange(socket_.get(), wire::request(family_, IPVS_CMD_GET_CONFIG), "read IPVS's timeouts");
  if (answer.empty()) throw SystemError{"read IPVS's timeouts", EPROTO};
  return wire::timeouts_of(answer.front().get());
}

void Client::set_timeouts(const Timeouts& timeouts) {
  auto request = wire::request(family_, IPVS_CMD_SET_CONFIG);
  wire::put(request.get(), timeouts);
  wire::exchange(socket_.get(), std::move(request), "set IPVS's timeouts");
}

void Client::apply(std::span<const Change> changes) {
  for (const auto& change : changes) {
    auto request = std::visit([&](const auto& c) { return message(family_, c); }, change);
    try {
      wire::exchange(socket_.get(), std::move(request), attempt(change));
    } catch (const SystemError& e) {
      const std::string* scheduler = scheduler_of(change);
      if (!scheduler || e.code().value() != ENOENT) throw;
      throw SystemError{attempt(change) + " with scheduler " + *scheduler +
                            ", which this kernel lacks (module ip_vs_" + *scheduler + ")",
                        ENOENT};
    }
  }
}

}  // namespace lbcore::ipvs
