#include "lbcore/daemon/services.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lbcore::daemon {

using Json = nlohmann::ordered_json;

namespace {

std::string believed_key(const ServiceSettings& s, const Endpoint& e) { return s.name + " " + e.str(); }

endpoints::Wanted wanted(const ServiceSettings& s) { return {s.protocol, s.endpoints_port, s.port}; }

bool same_endpoints(const ServiceSettings& a, const ServiceSettings& b) {
  const auto of = [](const ServiceSettings& s) {
    return std::tuple(s.endpoints, s.protocol, s.endpoints_port, s.port);
  };
  return of(a) == of(b);
}

}  // namespace

Services::Services(boost::asio::any_io_executor executor, Events events,
                   std::function<void(const std::string&)> changed)
    : folders_(executor),
      events_(std::move(events)),
      changed_(std::move(changed)),
      checker_(executor, [this](const health::Target& target, const health::Status& status) {
        Json event{{"event", "health"},
                   {"service", target.service},
                   {"destination", target.endpoint.str()},
                   {"state", status.up ? "up" : "down"}};
        if (!status.reason.empty()) event["reason"] = status.reason;
        events_(event);
        changed_(target.service);
      }) {}

void Services::configure(const std::vector<ServiceSettings>& wanted_services, const Table& in_kernel) {
  std::vector<Service> before = std::exchange(services_, {});
  std::set<std::string> believed;
  for (const auto& settings : wanted_services) {
    const auto known =
        std::ranges::find(before, settings.name, [](const Service& s) { return s.settings.name; });
    const bool drained = known != before.end() && known->drained;
    if (known != before.end() && same_endpoints(known->settings, settings)) {
      services_.push_back(std::move(*known));
      services_.back().settings = settings;
    } else {
      services_.push_back(make(settings));
      services_.back().drained = drained;
      report_file(services_.back());
      adopt(services_.back(), in_kernel, believed);
    }
  }
  check(believed);
}

Services::Service Services::make(const ServiceSettings& settings) {
  return {settings,
          endpoints::File(folders_, settings.endpoints, wanted(settings),
                          [this, name = settings.name] { file_changed(name); }),
          {}};
}

void Services::adopt(Service& service, const Table& in_kernel, std::set<std::string>& believed) const {
  const auto& settings = service.settings;
  const auto actual = std::ranges::find(in_kernel, key_of(settings), &VirtualService::key);
  if (actual == in_kernel.end()) return;
  for (const auto& d : actual->destinations) service.adopted.push_back({d.address, d.port, d.weight == 0});
  for (const auto& endpoint : service.endpoints()) {
    const auto d = destination_of(settings, endpoint, false);
    const auto is_it = [&](const Destination& other) {
      return other.address == d.address && other.port == d.port;
    };
    if (std::ranges::any_of(actual->destinations, is_it)) believed.insert(believed_key(settings, endpoint));
  }
}

void Services::check(const std::set<std::string>& believed) {
  std::vector<health::Target> targets;
  for (const auto& service : services_)
    for (const auto& endpoint : service.endpoints())
      targets.push_back({service.settings.name, endpoint, service.settings.health,
                         believed.contains(believed_key(service.settings, endpoint))});
  checker_.set(targets);
}

void Services::file_changed(const std::string& name) {
  const Service& service = *find(name);
  report_file(service);
  std::vector<health::Target> targets;
  for (const auto& endpoint : service.endpoints())
    targets.push_back({name, endpoint, service.settings.health});
  checker_.set(name, targets);
  changed_(name);
}

void Services::report_file(const Service& service) const {
  const auto& state = service.file.state();
  Json event{{"event", "endpoints"}, {"service", service.settings.name}, {"file", service.file.path()}};
  if (!state.mistakes.empty()) {
    event["state"] = "malformed";
    for (const auto& mistake : state.mistakes)
      event["mistakes"].push_back(format(mistake, service.file.path()));
  } else if (state.missing) {
    event["state"] = "missing";
  } else {
    event["state"] = "read";
    event["count"] = state.endpoints->size();
    event["draining"] = std::ranges::count(*state.endpoints, true, &Endpoint::draining);
  }
  events_(event);
}

std::vector<Known> Services::known() const {
  std::vector<Known> all;
  for (const auto& service : services_) all.push_back(known(service));
  return all;
}

std::optional<Known> Services::known(const std::string& name) const {
  const Service* service = find(name);
  if (!service) return std::nullopt;
  return known(*service);
}

Known Services::known(const Service& service) const {
  Known known{&service.settings, {}, service.drained};
  for (const auto& [endpoint, health] : status(service).endpoints)
    if (health.up) known.healthy.push_back(endpoint);
  return known;
}

bool Services::drain(const std::string& name, bool drained) {
  bool found = name.empty();
  for (auto& service : services_) {
    if (!name.empty() && service.settings.name != name) continue;
    found = true;
    if (std::exchange(service.drained, drained) == drained) continue;
    events_(
        {{"event", "drain"}, {"service", service.settings.name}, {"state", drained ? "drained" : "serving"}});
  }
  return found;
}

std::vector<Services::ServiceStatus> Services::status() const {
  std::vector<ServiceStatus> all;
  for (const auto& service : services_) all.push_back(status(service));
  return all;
}

Services::ServiceStatus Services::status(const Service& service) const {
  ServiceStatus status{&service.settings, &service.file, service.drained, {}};
  for (const auto& endpoint : service.endpoints())
    status.endpoints.push_back(
        {endpoint, checker_.status(service.settings.name, endpoint).value_or(health::Status{})});
  return status;
}

const Services::Service* Services::find(const std::string& name) const {
  const auto found = std::ranges::find(
      services_, name, [](const Service& s) -> const std::string& { return s.settings.name; });
  return found == services_.end() ? nullptr : &*found;
}

const Endpoints& Services::Service::endpoints() const {
  return file.state().endpoints ? *file.state().endpoints : adopted;
}

}  // namespace lbcore::daemon
