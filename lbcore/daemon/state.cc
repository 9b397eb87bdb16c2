#include <algorithm>
#include <nlohmann/json.hpp>

#include "lbcore/daemon/daemon.hpp"
#include "lbcore/daemon/metrics.hpp"
#include "lbcore/dataplane/abilities.hpp"

namespace lbcore::daemon {

using Json = nlohmann::ordered_json;

namespace {

Json to_json(const Counters& c) {
  return {{"connections", c.connections},
          {"packets-in", c.packets_in},
          {"packets-out", c.packets_out},
          {"bytes-in", c.bytes_in},
          {"bytes-out", c.bytes_out}};
}

Json to_json(const Services::EndpointStatus& status) {
  const auto& [endpoint, health] = status;
  Json j{
      {"endpoint", endpoint.str()}, {"health", health.up ? "up" : "down"}, {"draining", endpoint.draining}};
  if (!health.checked) j["checked"] = false;
  if (!health.reason.empty()) j["reason"] = health.reason;
  return j;
}

/// A destination as the kernel has it, with what went through it.
Json to_json(const Destination& d, const ipvs::ServiceCounters* counters) {
  Json j{{"address", d.address.str()},
         {"port", d.port},
         {"weight", d.weight},
         {"forwarding", name(d.forwarding)}};
  if (!counters) return j;
  const auto counted = std::ranges::find_if(
      counters->destinations, [&](const auto& c) { return c.address == d.address && c.port == d.port; });
  if (counted == counters->destinations.end()) return j;
  j["active"] = counted->active;
  j["inactive"] = counted->inactive;
  j["counters"] = to_json(counted->counters);
  return j;
}

Json to_json(const Services::ServiceStatus& status, const Table& table,
             const std::vector<ipvs::ServiceCounters>& counters) {
  const auto& s = *status.settings;
  Json j{{"name", s.name},           {"addresses", s.addresses.str()},
         {"port", s.port},           {"protocol", name(s.protocol)},
         {"scheduler", s.scheduler}, {"forwarding", name(s.forwarding)},
         {"drained", status.drained}};
  if (s.mark) j["mark"] = s.mark;
  j["endpoints"] = Json::array();
  for (const auto& endpoint : status.endpoints) j["endpoints"].push_back(to_json(endpoint));
  j["destinations"] = Json::array();
  const auto counted = std::ranges::find(counters, key_of(s), &ipvs::ServiceCounters::key);
  if (counted != counters.end()) j["counters"] = to_json(counted->counters);
  const auto service = std::ranges::find(table, key_of(s), &VirtualService::key);
  if (service == table.end()) return j;
  for (const auto& d : service->destinations)
    j["destinations"].push_back(to_json(d, counted == counters.end() ? nullptr : &*counted));
  return j;
}

/// Health, where the dataplane has the only say.
void judge_by(const Table& table, Services::ServiceStatus& status) {
  for (auto& [endpoint, health] : status.endpoints)
    health = {.up = !in_table({{status.settings, {endpoint}}}, table).front().healthy.empty(),
              .reason = "",
              .checked = true};
}

Json to_json(const std::optional<announce::Link>& link) {
  Json j{{"helper", link && link->connected() ? "connected" : "gone"},
         {"routes", Json::array()},
         {"sessions", Json::array()}};
  if (!link) return j;
  const char* state = link->connected() && link->settled() ? "announced" : "pending";
  if (link->routes())
    for (const auto& route : *link->routes())
      j["routes"].push_back(
          {{"route", route.prefix.str()}, {"next-hop", route.next_hop.str()}, {"state", state}});
  for (const auto& [peer, up] : link->sessions())
    j["sessions"].push_back({{"peer", peer}, {"state", up ? "up" : "down"}});
  return j;
}

}  // namespace

Json Daemon::state() {
  const auto table = dataplane_.table();
  const auto counters = dataplane_.counters();
  Json j{{"state", phase_ == Phase::serving ? "serving" : "ending"},
         {"dataplane", dataplane::name(settings_.dataplane)},
         {"uptime-s", std::chrono::duration<double>(Clock::now() - started_).count()},
         {"services", Json::array()},
         {"announce", to_json(link_)}};
  for (const auto& status : service_status(table)) j["services"].push_back(to_json(status, table, counters));
  return j;
}

std::vector<Services::ServiceStatus> Daemon::service_status(const Table& table) const {
  auto all = services_.status();
  if (checks_)
    for (auto& status : all) judge_by(table, status);
  return all;
}

std::string Daemon::metrics() {
  auto table = dataplane_.table();
  Measured measured{.dataplane = dataplane::name(settings_.dataplane),
                    .uptime_s = std::chrono::duration<double>(Clock::now() - started_).count(),
                    .services = service_status(table),
                    .table = std::move(table),
                    .counters = dataplane_.counters(),
                    .helper_is_connected = link_ && link_->connected()};
  if (measured.helper_is_connected && link_->settled() && link_->routes())
    measured.announced = *link_->routes();
  if (link_)
    for (const auto& [peer, up] : link_->sessions()) measured.sessions.emplace(peer, up);
  return metrics_text(measured);
}

}  // namespace lbcore::daemon
