#include "lab/scenario/ipvs_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "lab/run/snapshot.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::steady_clock;

namespace {

/// What is compared: not the connections, which come and go.
json without_connections(json services) {
  for (auto& service : services)
    for (auto& destination : service["destinations"]) {
      destination.erase("active");
      destination.erase("inactive");
    }
  return services;
}

double seconds(steady_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

asio::awaitable<void> watch_ipvs(run::RunningLab& lab, std::chrono::milliseconds every) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  std::map<std::string, json> known;
  std::map<std::string, double> looked;
  for (;;) {
    for (const auto& [name, host] : lab.lab().hosts) {
      if (host.role != "load-balancer") continue;
      const double now = seconds(steady_clock::now());
      const json services = run::ipvs_table(lab.netns(name));
      const json table = without_connections(services);
      if (const auto had = known.find(name); had == known.end() || had->second != table) {
        json event{{"event", "ipvs"}, {"host", name}, {"services", services}, {"t", now}};
        event["earliest"] = had == known.end() ? now : looked[name];
        lab.history().append(std::move(event));
        known[name] = table;
      }
      looked[name] = now;
    }
    timer.expires_after(every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace lblab::scenario
