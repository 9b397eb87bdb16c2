#include "lbcore/fib/agent.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "lbcore/fib/gobgp.hpp"
#include "lbcore/fib/kernel.hpp"
#include "lbcore/fib/rib.hpp"

namespace lbcore::fib {

namespace asio = boost::asio;
using boost::system::error_code;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// Between questions for the sessions while stale routes wait for them: gobgp 3.10 has no event of a session.
constexpr milliseconds ask_again{1'000};

/// The way to each next hop that has one, and why the others have none.
struct Ways {
  std::map<Address, Hop> hops;
  std::map<Address, std::string> unreachable;
};

class Agent {
 public:
  Agent(asio::io_context& io, const Settings& settings, std::function<void(const json&)> tell)
      : io_(io),
        settings_(settings),
        tell_(std::move(tell)),
        rib_(settings.stale),
        kernel_events_(io, lblab::sys::duplicate(kernel_.events()).release()),
        expiry_(io),
        settling_(io),
        signals_(io, SIGTERM, SIGINT) {
    adopt();
    signals_.async_wait([this](error_code error, int) {
      if (!error) end();
    });
    wait_for_kernel();
    gobgp_ = std::make_unique<Gobgp>(io.get_executor(), settings.address, settings.port, callbacks());
  }

 private:
  Gobgp::Callbacks callbacks() {
    return {[this](gobgp::Paths paths) { table(paths); }, [this](gobgp::Paths paths) { change(paths); },
            [this](std::string why) { lost(why); },
            [this](std::string text) {
              tell_({{"event", "malformed"}, {"text", text}});
            },
            [this](std::vector<gobgp::Neighbour> all) { judge_sessions(all); }};
  }

  void adopt() {
    for (const auto& [prefix, hops] : installed(kernel_.read())) {
      NextHops addresses;
      for (const Hop& hop : hops) addresses.insert(hop.via);
      rib_.adopt(prefix, addresses, Clock::now());
    }
    schedule();
  }

  void table(const gobgp::Paths& paths) {
    tell_({{"event", "gobgpd"}, {"state", "up"}});
    up_ = true;
    last_change_ = {};
    update(paths);
    step();
    if (!std::exchange(ready_, true)) tell_({{"event", "ready"}});
    if (rib_.has_stale()) gobgp_->ask_neighbours();
    settle_after(ask_again);
  }

  void change(const gobgp::Paths& paths) {
    last_change_ = Clock::now();
    update(paths);
    schedule();
  }

  void update(const gobgp::Paths& paths) {
    std::map<Prefix, NextHops> sets;
    for (const auto& path : paths) {
      auto& set = sets[path.prefix];
      if (path.next_hop && !path.withdrawn) set.insert(*path.next_hop);
    }
    for (const auto& [prefix, hops] : sets) rib_.update(prefix, hops);
  }

  void lost(const std::string& why) {
    up_ = false;
    tell_({{"event", "gobgpd"}, {"state", "down"}, {"reason", why}});
    settling_.cancel();
    rib_.lose(Clock::now());
    if (rib_.has_stale()) tell_({{"event", "stale"}, {"prefixes", rib_.desired().size()}});
    watch_expiry();
  }

  /// Looks again after a while whether gobgpd's table is complete, as long as something depends on it.
  void settle_after(Clock::duration pause) {
    if (!up_ || !rib_.has_stale()) return;
    settling_.expires_after(pause);
    settling_.async_wait([this](error_code error) {
      if (error || !up_ || !rib_.has_stale()) return;
      gobgp_->ask_neighbours();
      settle_after(ask_again);
    });
  }

  /// A session that is down may bring the routes when it comes up: then their time decides.
  void judge_sessions(const std::vector<gobgp::Neighbour>& neighbours) {
    if (!up_ || !rib_.has_stale() || neighbours.empty()) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    for (const auto& neighbour : neighbours)
      if (neighbour.state != gobgp::State::established ||
          now - std::chrono::seconds(neighbour.up_since_s) < settings_.settle)
        return;
    if (last_change_ && Clock::now() - *last_change_ < settings_.settle) return;
    tell_({{"event", "complete"}});
    rib_.complete();
    schedule();
  }

  void wait_for_kernel() {
    kernel_events_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      if (kernel_.drain_events()) schedule();
      wait_for_kernel();
    });
  }

  void watch_expiry() {
    const auto next = rib_.next_expiry();
    if (!next) {
      expiry_.cancel();
      return;
    }
    expiry_.expires_at(*next);
    expiry_.async_wait([this](error_code error) {
      if (error) return;
      rib_.expire(Clock::now());
      schedule();
    });
  }

  /// Many lines and events that come together make one step.
  void schedule() {
    if (std::exchange(scheduled_, true)) return;
    asio::post(io_, [this] {
      if (scheduled_) step();
    });
  }

  /// Brings the kernel in step with what is desired.
  void step() {
    scheduled_ = false;
    watch_expiry();
    const Desired desired = rib_.desired();
    std::map<Hop, std::string> refused;
    // A round more for each next hop that the kernel refuses.
    for (bool again = true; again;) {
      const Actual actual = kernel_.read();
      const Ways ways = ways_to(desired, actual, refused);
      const auto changes = reconcile(wanted(desired, ways), settings_.groups, actual);
      const auto refusals = kernel_.apply(changes);
      again = false;
      std::set<std::string> refused_changes;
      for (const auto& [change, reason] : refusals) {
        if (const auto* hop = std::get_if<AddHop>(&change)) {
          again = refused.emplace(hop->hop, reason).second || again;
        } else {
          const std::string text = describe(change);
          refused_changes.insert(text);
          if (!told_refused_.contains(text))
            tell_({{"event", "refused"}, {"change", text}, {"reason", reason}});
        }
      }
      if (again) continue;
      told_refused_ = std::move(refused_changes);
      tell_next_hops(ways.unreachable);
      tell_routes(changes.empty() ? installed(actual) : installed(kernel_.read()));
    }
  }

  static Ways ways_to(const Desired& desired, const Actual& actual,
                      const std::map<Hop, std::string>& refused) {
    Ways ways;
    for (const auto& [prefix, addresses] : desired) {
      for (const Address& address : addresses) {
        if (ways.hops.contains(address) || ways.unreachable.contains(address)) continue;
        const auto hop = resolve(address, actual.routes);
        if (!hop)
          ways.unreachable.emplace(address, "no route to it");
        else if (const auto at = refused.find(*hop); at != refused.end())
          ways.unreachable.emplace(address, at->second);
        else
          ways.hops.emplace(address, *hop);
      }
    }
    return ways;
  }

  static Routes wanted(const Desired& desired, const Ways& ways) {
    Routes routes;
    for (const auto& [prefix, addresses] : desired)
      for (const Address& address : addresses)
        if (const auto at = ways.hops.find(address); at != ways.hops.end()) routes[prefix].insert(at->second);
    return routes;
  }

  void tell_next_hops(const std::map<Address, std::string>& unreachable) {
    for (const auto& [address, reason] : unreachable)
      if (!told_unreachable_.contains(address))
        tell_({{"event", "next-hop"},
               {"address", address.str()},
               {"state", "unreachable"},
               {"reason", reason}});
    for (const auto& [address, reason] : told_unreachable_)
      if (!unreachable.contains(address))
        tell_({{"event", "next-hop"}, {"address", address.str()}, {"state", "reachable"}});
    told_unreachable_ = unreachable;
  }

  void tell_routes(const Routes& routes) {
    for (const auto& [prefix, hops] : routes) {
      const auto told = told_.find(prefix);
      if (told == told_.end() || told->second != hops) tell_route(prefix, hops);
    }
    for (const auto& [prefix, hops] : told_)
      if (!routes.contains(prefix)) tell_route(prefix, {});
    told_ = routes;
  }

  void tell_route(const Prefix& prefix, const Hops& hops) {
    json addresses = json::array();
    for (const Hop& hop : hops) addresses.push_back(hop.via.str());
    tell_({{"event", "route"}, {"prefix", prefix.str()}, {"next-hops", std::move(addresses)}});
  }

  void end() {
    gobgp_.reset();
    if (!settings_.keep) {
      rib_ = Rib(settings_.stale);
      step();
    }
    io_.stop();
  }

  asio::io_context& io_;
  const Settings settings_;
  std::function<void(const json&)> tell_;
  Rib rib_;
  Kernel kernel_;
  asio::posix::stream_descriptor kernel_events_;
  asio::steady_timer expiry_, settling_;
  asio::signal_set signals_;
  std::unique_ptr<Gobgp> gobgp_;
  bool up_ = false, ready_ = false, scheduled_ = false;
  std::optional<Clock::time_point> last_change_;  // since the table came
  Routes told_;
  std::map<Address, std::string> told_unreachable_;
  std::set<std::string> told_refused_;
};

}  // namespace

void run(asio::io_context& io, const Settings& settings, std::function<void(const json&)> tell) {
  Agent agent(io, settings, std::move(tell));
  io.run();
}

}  // namespace lbcore::fib
