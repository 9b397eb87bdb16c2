#include "lab/scenario/lbd_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/daemons/lbd.hpp"
#include "lab/run/balancer.hpp"
#include "lab/scenario/looked.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using std::chrono::steady_clock;

asio::awaitable<void> watch_lbds(run::RunningLab& lab, std::chrono::milliseconds every) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  std::map<std::string, Looked> known;
  for (;;) {
    std::vector<std::string> hosts;  // copied: hosts come and go while one is asked
    for (const auto& [name, host] : lab.lab().hosts)
      if (run::balances(host) && !run::balances_by_ipvs(host)) hosts.push_back(name);
    for (const auto& host : hosts) {
      if (!lab.lab().hosts.contains(host)) continue;
      const auto began = steady_clock::now();
      auto event = co_await run::told_by_lbd(lab.outside(host, daemons::lbd::control_socket));
      if (!event || !known[host].is_news(without_connections((*event)["services"]), began)) continue;
      (*event)["event"] = "real-servers";
      lab.history().append(known[host].news(host, std::move(*event)));
    }
    timer.expires_after(every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace lblab::scenario
