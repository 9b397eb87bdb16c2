#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lbcore/announce/link.hpp"
#include "lbcore/daemon/config.hpp"
#include "lbcore/daemon/events.hpp"
#include "lbcore/daemon/services.hpp"
#include "lbcore/dataplane/dataplane.hpp"

namespace lbcore::daemon {

using dataplane::Dataplane;

/// The load balancer: keeps the dataplane's table and the announced routes in step with configuration,
/// endpoints and health. Takes over what it finds in the kernel. One thread: its executor's; it must outlive
/// that executor's run.
class Daemon {
 public:
  struct Reread {
    std::optional<Settings> settings;   // nothing: refused
    std::vector<std::string> mistakes;  // then: why
  };
  enum class Reloaded { unchanged, applied, refused };

  /// reread: the configuration as it is now.
  Daemon(boost::asio::any_io_executor, Settings, std::function<Reread()> reread, Dataplane&, Events);
  Daemon(const Daemon&) = delete;

  /// Serves until terminate() has taken everything down, or handover() was asked for. Throws SystemError if
  /// it cannot begin.
  boost::asio::awaitable<void> run();

  /// Decommissions: withdraws and waits for the routers to follow, gives every destination weight 0 and waits
  /// for connections to end, up to the drain limit, then removes services, marks and routes. A second call
  /// stops the waiting.
  void terminate();
  /// Ends, and leaves kernel and routes as they are to the next lbd.
  void handover();
  Reloaded reload(std::vector<std::string>& mistakes);
  /// Weight 0 and no route for a service, or back; an empty name: all. False: there is none of that name.
  bool drain(const std::string& service, bool drained);
  /// Everything, for people and programs.
  nlohmann::ordered_json state();
  /// The same in numbers, for Prometheus (metrics.hpp).
  std::string metrics();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { serving, withdrawing, draining, removed, handed_over };

  /// Of which services something is brought about.
  enum class Extent { all, touched };
  void changed(const std::string& service);  // update(touched) soon: once for many changes
  void update(Extent extent = Extent::all);  // bring_about(), and again later, all of it, if it fails
  void bring_about(Extent extent = Extent::all);
  void learn(const std::set<std::string>& touched);
  /// False: the dataplane is only changed as a whole.
  bool apply_to(const std::set<std::string>& touched);
  void apply(const Table& desired, const Table& actual);
  void apply_all(const Table& desired);
  /// The same of a dataplane that checks real servers itself.
  void ask(const Table& desired);
  void tell(const std::vector<ipvs::Change>&);
  std::vector<Route> wanted_routes() const;
  void configure_services();
  std::vector<Services::ServiceStatus> service_status(const Table&) const;
  void step(const char* name);
  announce::Link::Observer observer();
  void report(const announce::Acknowledged&);

  boost::asio::awaitable<void> decommission();
  boost::asio::awaitable<bool> connections_end(Clock::time_point deadline);
  /// Waits until a condition that events bring about holds; false: the deadline passed or terminate() was
  /// called again.
  boost::asio::awaitable<bool> until(std::function<bool()> condition, Clock::time_point deadline);
  void wake() { woken_.cancel(); }

  boost::asio::any_io_executor executor_;
  Settings settings_;
  std::function<Reread()> reread_;
  Dataplane& dataplane_;
  const bool checks_;           // the dataplane checks real servers, we do not
  std::optional<Table> asked_;  // of such a dataplane
  Table seen_;                  // what was told of its table
  Events events_;
  Services services_;
  std::optional<announce::Link> link_;  // empty: nothing is announced
  boost::asio::steady_timer woken_, retry_;
  Clock::time_point started_ = Clock::now();
  Phase phase_ = Phase::serving;
  bool path_stale_ = true;         // the packets' path is to be prepared
  std::vector<Known> known_;       // of all services, as it was brought about last
  std::set<std::string> touched_;  // services of which something has become known since
  bool dirty_ = false, terminating_ = false, hurry_ = false;
};

}  // namespace lbcore::daemon
