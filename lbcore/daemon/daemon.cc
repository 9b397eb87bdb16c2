#include "lbcore/daemon/daemon.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"
#include "lbcore/dataplane/abilities.hpp"

namespace lbcore::daemon {

namespace asio = boost::asio;
using Json = nlohmann::ordered_json;
using lblab::sys::SystemError;

namespace {

/// The kernel gives no event when a connection ends.
constexpr milliseconds connections_sample{50};
constexpr milliseconds retry_after{1'000};

Json route_event(const Route& route, const char* state) {
  return {{"event", "announce"},
          {"route", route.prefix.str()},
          {"next-hop", route.next_hop.str()},
          {"state", state}};
}

/// What is announced and goes on being so; a next hop that changes does so later, in one step.
std::vector<Route> kept(const std::vector<Route>& announced, const std::vector<Route>& wanted) {
  std::vector<Route> kept;
  std::ranges::copy_if(announced, std::back_inserter(kept), [&](const Route& route) {
    return std::ranges::find(wanted, route.prefix, &Route::prefix) != wanted.end();
  });
  return kept;
}

}  // namespace

Daemon::Daemon(asio::any_io_executor executor, Settings settings, std::function<Reread()> reread,
               Dataplane& dataplane, Events events)
    : executor_(executor),
      settings_(std::move(settings)),
      reread_(std::move(reread)),
      dataplane_(dataplane),
      checks_(dataplane::abilities(settings_.dataplane).checks),
      events_(std::move(events)),
      services_(executor, events_, [this](const std::string& service) { changed(service); }),
      woken_(executor),
      retry_(executor) {}

asio::awaitable<void> Daemon::run() {
  seen_ = dataplane_.table();
  configure_services();
  dataplane_.follow([this](dataplane::Dataplane::Changed what) {
    path_stale_ = path_stale_ || what == dataplane::Dataplane::Changed::network;
    changed("");
  });
  if (!settings_.announce_socket.empty()) link_.emplace(executor_, settings_.announce_socket, observer());
  bring_about();
  events_({{"event", "ready"}});
  co_await until([&] { return terminating_ || phase_ == Phase::handed_over; }, Clock::time_point::max());
  if (phase_ != Phase::handed_over) co_await decommission();
}

void Daemon::configure_services() {
  auto services = settings_.services;
  if (checks_)
    for (auto& service : services) service.health.kind = HealthCheck::Kind::none;
  services_.configure(services, dataplane_.table());
}

void Daemon::changed(const std::string& service) {
  touched_.insert(service);
  if (std::exchange(dirty_, true)) return;
  asio::post(executor_, [this] {
    if (dirty_) update(Extent::touched);
  });
}

void Daemon::update(Extent extent) try {
  dirty_ = false;
  bring_about(extent);
} catch (const SystemError& e) {
  events_({{"event", "error"}, {"what", e.what()}});
  retry_.expires_after(retry_after);
  retry_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) update();
  });
}

void Daemon::bring_about(Extent extent) {
  if (phase_ >= Phase::removed) return;
  if (path_stale_ || checks_) extent = Extent::all;
  const auto touched = std::exchange(touched_, {});
  if (extent == Extent::all)
    known_ = services_.known();
  else
    learn(touched);
  const auto routes = wanted_routes();
  // What is to be withdrawn is so before its servers go, what is to be announced after they are there.
  if (link_ && link_->routes() && *link_->routes() != routes) link_->set(kept(*link_->routes(), routes));
  if (path_stale_) {
    dataplane_.prepare(ranges(settings_.services));
    dataplane_.tune(settings_.ipvs);
    path_stale_ = false;
  }
  if (extent == Extent::all || !apply_to(touched)) apply_all(desired_table(known_));
  if (link_) link_->set(checks_ ? wanted_routes() : routes);
}

std::vector<Route> Daemon::wanted_routes() const {
  if (phase_ != Phase::serving) return {};
  return desired_routes(checks_ ? in_table(known_, seen_) : known_);
}

void Daemon::learn(const std::set<std::string>& touched) {
  for (auto& known : known_)
    if (touched.contains(known.settings->name)) known = *services_.known(known.settings->name);
}

bool Daemon::apply_to(const std::set<std::string>& touched) {
  std::vector<Known> some;
  std::vector<ServiceKey> keys;
  for (const auto& known : known_) {
    if (!touched.contains(known.settings->name)) continue;
    some.push_back(known);
    keys.push_back(key_of(*known.settings));
  }
  const auto actual = dataplane_.part(keys);
  if (actual) apply(desired_table(some), *actual);
  return actual.has_value();
}

void Daemon::apply_all(const Table& desired) {
  if (checks_)
    ask(desired);
  else
    apply(desired, dataplane_.table());
}

void Daemon::apply(const Table& desired, const Table& actual) {
  const auto changes = ipvs::reconcile(desired, actual);
  if (changes.empty()) return;
  dataplane_.apply(desired, changes);
  tell(changes);
}

/// What the dataplane makes of it is told as it is found.
void Daemon::ask(const Table& desired) {
  const auto changes = ipvs::reconcile(desired, asked_.value_or(Table{}));
  if (!asked_ || !changes.empty()) dataplane_.apply(desired, changes);
  asked_ = desired;
  auto table = dataplane_.table();
  tell(ipvs::reconcile(table, seen_));
  seen_ = std::move(table);
}

void Daemon::tell(const std::vector<ipvs::Change>& changes) {
  if (changes.empty()) return;
  Json event{{"event", "table"}, {"changes", Json::array()}};
  for (const auto& change : changes) event["changes"].push_back(ipvs::describe(change));
  events_(event);
}

announce::Link::Observer Daemon::observer() {
  return {[this](bool connected) {
            events_({{"event", "helper"}, {"state", connected ? "connected" : "gone"}});
            wake();
          },
          [this](const announce::Acknowledged& done) {
            report(done);
            wake();
          },
          [this](const announce::Session& session) {
            events_({{"event", "session"}, {"peer", session.peer}, {"state", session.up ? "up" : "down"}});
          }};
}

void Daemon::report(const announce::Acknowledged& done) {
  for (const auto& route : done.withdrawn) events_(route_event(route, "withdrawn"));
  for (const auto& route : done.announced) events_(route_event(route, "announced"));
  for (const auto& route : done.refused) events_(route_event(route, "refused"));
}

void Daemon::terminate() {
  if (std::exchange(terminating_, true)) hurry_ = true;
  wake();
}

void Daemon::handover() {
  if (terminating_) return;
  events_({{"event", "handover"}});
  phase_ = Phase::handed_over;
  wake();
}

bool Daemon::drain(const std::string& service, bool drained) {
  if (!services_.drain(service, drained)) return false;
  update();
  return true;
}

Daemon::Reloaded Daemon::reload(std::vector<std::string>& mistakes) {
  Reread reread = reread_();
  if (terminating_) reread = {std::nullopt, {"lbd is ending"}};
  if (reread.settings && (reread.settings->control != settings_.control ||
                          reread.settings->announce_socket != settings_.announce_socket ||
                          reread.settings->metrics != settings_.metrics))
    reread = {std::nullopt, {"the sockets cannot be changed while lbd runs: hand over to a new one"}};
  if (reread.settings && (reread.settings->dataplane != settings_.dataplane ||
                          reread.settings->interface != settings_.interface))
    reread = {std::nullopt, {"the dataplane cannot be changed while lbd runs: end it, and start a new one"}};
  if (!reread.settings) {
    mistakes = std::move(reread.mistakes);
    events_({{"event", "config"}, {"state", "refused"}, {"mistakes", mistakes}});
    return Reloaded::refused;
  }
  if (*reread.settings == settings_) {
    events_({{"event", "config"}, {"state", "unchanged"}});
    return Reloaded::unchanged;
  }
  settings_ = std::move(*reread.settings);
  configure_services();
  path_stale_ = true;
  update();
  events_({{"event", "config"}, {"state", "applied"}});
  return Reloaded::applied;
}

void Daemon::step(const char* name) { events_({{"event", "decommission"}, {"step", name}}); }

asio::awaitable<void> Daemon::decommission() {
  const auto deadline = Clock::now() + settings_.drain_limit;
  const bool announced = link_ && link_->routes() && !link_->routes()->empty();
  phase_ = Phase::withdrawing;
  step("withdrawing");
  update();
  if (announced) {
    co_await until([&] { return link_->settled(); }, deadline);
    step("withdrawn");
    // Routers take a moment to follow, and what they still send here is served.
    co_await until([] { return false; }, std::min(deadline, Clock::now() + settings_.settle));
  }
  phase_ = Phase::draining;
  step("draining");
  services_.drain("", true);
  update();
  step(co_await connections_end(deadline) ? "drained" : "limit");
  phase_ = Phase::removed;
  apply_all({});
  dataplane_.clear();
  step("removed");
}

asio::awaitable<bool> Daemon::connections_end(Clock::time_point deadline) {
  // Established ones: those that have ended linger for minutes among the inactive.
  const auto all_ended = [&] {
    for (const auto& service : dataplane_.counters())
      if (std::ranges::any_of(service.destinations, [](const auto& d) { return d.active > 0; })) return false;
    return true;
  };
  while (!all_ended()) {
    if (hurry_ || Clock::now() >= deadline) co_return false;
    co_await until([] { return false; }, std::min(deadline, Clock::now() + connections_sample));
  }
  co_return true;
}

asio::awaitable<bool> Daemon::until(std::function<bool()> condition, Clock::time_point deadline) {
  while (!condition()) {
    if (hurry_ || Clock::now() >= deadline) co_return false;
    woken_.expires_at(deadline);
    boost::system::error_code woken;
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return true;
}

}  // namespace lbcore::daemon
