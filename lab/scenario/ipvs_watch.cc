#include "lab/scenario/ipvs_watch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "lab/observe/ipvs_life.hpp"
#include "lab/run/balancer.hpp"
#include "lab/run/snapshot.hpp"
#include "lab/scenario/looked.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using nlohmann::json;
using observe::IpvsCounters;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t most_connection_bytes = 256 * 1024;  // some 3000 connections
constexpr int share = 20;  // of the time that passes, what reading connections may take

json to_json(const IpvsCounters& counters) {
  return {{"connections", counters.connections},
          {"packets-in", counters.packets_in},
          {"packets-out", counters.packets_out},
          {"bytes-in", counters.bytes_in},
          {"bytes-out", counters.bytes_out}};
}

json counters_of(const std::vector<observe::IpvsService>& services) {
  json all = json::array();
  for (const auto& service : services) {
    json one = to_json(service.counters);
    one["service"] = service.service;
    one["destinations"] = json::array();
    for (const auto& destination : service.destinations) {
      json counters = to_json(destination.counters);
      counters["address"] = destination.address;
      one["destinations"].push_back(std::move(counters));
    }
    all.push_back(std::move(one));
  }
  return all;
}

json to_json(const observe::IpvsConnections& connections) {
  json all = json::array();
  int total = 0;
  for (const auto& [address, states] : connections.of) {
    all.push_back({{"address", address}, {"states", states}});
    for (const auto& [state, n] : states) total += n;
  }
  json whole{{"connections", std::move(all)}, {"total", total}};
  if (connections.cut) whole["cut"] = true;
  return whole;
}

/// One load balancer.
class Watch {
 public:
  explicit Watch(std::string host) : host_(std::move(host)) {}

  /// Adds what is news to `events`.
  void look(const sys::Netns& netns, std::vector<json>& events) {
    look_at_table(netns, events);
    if (steady_clock::now() >= connections_due_) look_at_connections(netns, events);
  }

 private:
  void look_at_table(const sys::Netns& netns, std::vector<json>& events) {
    const auto began = steady_clock::now();
    const auto services = observe::read_ipvs(netns);
    const auto total = observe::read_ipvs_totals(netns);
    const json table = run::ipvs_table(services);
    if (table_.is_news(without_connections(table), began))
      events.push_back(table_.news(host_, {{"event", "ipvs"}, {"services", table}}));
    if (!total) return;
    const json sum = to_json(*total), counted = counters_of(services);
    if (counters_.is_news({{"total", sum}, {"services", counted}}, began))
      events.push_back(
          counters_.news(host_, {{"event", "ipvs-counters"}, {"total", sum}, {"services", counted}}));
  }

  void look_at_connections(const sys::Netns& netns, std::vector<json>& events) {
    const auto began = steady_clock::now();
    json event = to_json(observe::read_ipvs_connections(netns, most_connection_bytes));
    const auto ended = steady_clock::now();
    connections_due_ = ended + share * (ended - began);
    if (!connections_.is_news(event, began)) return;
    event["event"] = "ipvs-connections";
    events.push_back(connections_.news(host_, std::move(event)));
  }

  std::string host_;
  Looked table_, counters_, connections_;
  steady_clock::time_point connections_due_;
};

/// A load balancer's namespace, held for as long as it is looked at: the pod may go meanwhile.
struct Place {
  std::string host;
  sys::Netns netns;
};

class Looker {
 public:
  asio::awaitable<std::vector<json>> look(std::vector<Place> places) {
    std::vector<json> events;
    for (const auto& place : places)
      watches_.try_emplace(place.host, place.host).first->second.look(place.netns, events);
    co_return events;
  }

 private:
  std::map<std::string, Watch> watches_;
};

}  // namespace

/// On a thread of its own: the supervisor reads the other events meanwhile, whose times are those of reading.
asio::awaitable<void> watch_ipvs(run::RunningLab& lab, std::chrono::milliseconds every) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  Looker looker;
  asio::thread_pool thread{1};
  for (;;) {
    std::vector<Place> places;
    for (const auto& [name, host] : lab.lab().hosts)
      if (run::balances_by_ipvs(host)) places.push_back({name, sys::Netns::duplicate(lab.netns(name))});
    auto events = co_await asio::co_spawn(thread, looker.look(std::move(places)), asio::use_awaitable);
    for (auto& event : events) lab.history().append(std::move(event));
    timer.expires_after(every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace lblab::scenario
