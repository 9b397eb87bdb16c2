#include "lab/scenario/balancer_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "lab/daemons/lbd.hpp"
#include "lab/run/balancer.hpp"
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

/// What a host balances now; nothing where that cannot be told.
asio::awaitable<std::optional<json>> look(run::RunningLab& lab, const model::Host& host) {
  if (run::balances_by_ipvs(host))
    co_return json{{"event", "ipvs"}, {"services", run::ipvs_table(lab.netns(host.name))}};
  auto told = co_await run::told_by_lbd(lab.outside(host.name, daemons::lbd::control_socket));
  if (told) (*told)["event"] = "real-servers";
  co_return told;
}

}  // namespace

asio::awaitable<void> watch_balancers(run::RunningLab& lab, std::chrono::milliseconds every) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  std::map<std::string, json> known;
  std::map<std::string, double> looked;
  for (;;) {
    // Copied: hosts come and go while one is asked.
    std::vector<model::Host> balancers;
    for (const auto& [name, host] : lab.lab().hosts)
      if (host.role == "load-balancer") balancers.push_back(host);
    for (const auto& host : balancers) {
      if (!lab.lab().hosts.contains(host.name)) continue;
      const double now = seconds(steady_clock::now());
      auto event = co_await look(lab, host);
      if (!event) continue;
      const json table = without_connections((*event)["services"]);
      if (const auto had = known.find(host.name); had == known.end() || had->second != table) {
        (*event)["host"] = host.name;
        (*event)["t"] = seconds(steady_clock::now());
        (*event)["earliest"] = had == known.end() ? now : looked[host.name];
        lab.history().append(std::move(*event));
        known[host.name] = table;
      }
      looked[host.name] = now;
    }
    timer.expires_after(every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace lblab::scenario
