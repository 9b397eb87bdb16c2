#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/apply/linux_kernel.hpp"
#include "lab/daemons/program.hpp"
#include "lab/model/cluster.hpp"
#include "lab/observe/monitor.hpp"
#include "lab/run/bgp_watch.hpp"
#include "lab/run/expected_routes.hpp"
#include "lab/run/history.hpp"
#include "lab/run/process_table.hpp"

namespace lblab::run {

/// A request that makes no sense for this lab; the text says why and what would.
struct Refused : std::runtime_error {
  using runtime_error::runtime_error;
};

/// The lab did not become ready in time; the text names what is missing.
struct NotReady : std::runtime_error {
  using runtime_error::runtime_error;
};

/// A lab that runs in this kernel: the orchestrator. It holds what the user wants (the Cluster), what is (the
/// Lab, as `have`), and turns one into the other, one change at a time. All on the executor's one thread.
class RunningLab {
 public:
  using Progress = std::function<void(const std::string&)>;
  /// state: the lab's folder; programs: a folder that comes first on the PATH of the lab's processes.
  RunningLab(asio::any_io_executor executor, std::string name, std::string state, std::string programs);
  /// Releases everything: processes first, then namespaces, names and files.
  ~RunningLab();

  /// Brings the cluster up and waits until its processes are ready and its routes are in the routers'
  /// kernels.
  asio::awaitable<void> up(model::Cluster cluster, Progress progress);
  /// Sets the number of pods, or of load balancers, of a service, and waits until the routes have followed.
  asio::awaitable<void> scale(const std::string& service, bool load_balancers, int replicas);

  void kill(const std::string& host, const std::string& process, int signal,
            std::optional<model::Restart> again);
  void start(const std::string& host, const std::string& process);
  /// Carrier lost or back: sets the far end of the host's link, which is the switch's port.
  void set_carrier(const std::string& host, const std::string& link, bool up);

  // What a scenario does (disturb.cc). None waits for routes to follow.

  /// Sets replicas where a number is given.
  asio::awaitable<void> set_replicas(const std::string& service, std::optional<int> pods,
                                     std::optional<int> load_balancers);
  /// Pods, or nodes with their pods: stopped in order and removed; and made anew in their places.
  asio::awaitable<void> take_away(const std::set<std::string>& hosts);
  asio::awaitable<void> put_back(const std::set<std::string>& hosts);
  /// SIGSTOP and SIGCONT; process empty: all of the host.
  void freeze(const std::string& host, const std::string& process);
  void thaw(const std::string& host, const std::string& process);
  /// What leaves the link, or (`to`) what the other end sends to it.
  void impair(const std::string& host, const std::string& link, bool to, const model::Impairment&);
  /// Programs beside the cluster's own, by host, in place of those before; returns when they are ready.
  using Programs = std::map<std::string, std::vector<daemons::Program>>;
  asio::awaitable<void> accompany(Programs);
  /// The lab as it came up: everything is there, in the numbers of the topology, runs, has its carriers and
  /// is unimpaired; returns when the routes are as they should be.
  asio::awaitable<void> restore(Progress progress);

  /// The host's links that have another end, in order.
  std::vector<std::string> wires(const std::string& host) const;
  /// The pods that have their seats on the node and are there.
  std::set<std::string> pods_on(const std::string& node) const;
  /// Where a file of the host lies in this mount namespace.
  std::string outside(const std::string& host, const std::string& path) const;
  const model::Cluster& cluster() const { return cluster_; }
  const cluster::Placement& placement() const { return placement_; }
  const sys::Netns& netns(const std::string& host) const { return kernel_->netns(host); }

  std::vector<int> namespaces(const std::string& host);
  std::vector<std::string> environment() const;
  /// What is wanted and what the kernels and daemons say: see `lblab inspect --json`.
  asio::awaitable<nlohmann::json> inspect();
  History& history() { return history_; }
  ProcessTable& processes() { return processes_; }
  const model::Lab& lab() const { return have_; }

 private:
  /// One change at a time: a second one waits for its turn.
  class Turn {
   public:
    explicit Turn(RunningLab& lab);
    ~Turn();
    Turn(const Turn&) = delete;

   private:
    RunningLab& lab_;
  };
  struct End {
    std::string host, link;
    auto operator<=>(const End&) const = default;
  };

  asio::awaitable<void> my_turn();
  std::optional<End> other_end(const std::string& host, const std::string& link) const;
  asio::awaitable<void> change_to(model::Lab want);
  /// Waits until nothing of it is missing any more; throws NotReady with what is.
  using Missing = std::vector<std::string> (RunningLab::*)() const;
  asio::awaitable<void> settle(Missing missing, Progress progress, std::chrono::seconds limit);
  asio::awaitable<void> tell_balancers(std::span<const plan::Op> ops);
  asio::awaitable<void> let_stop(std::span<const plan::Op> stops);
  void watch(std::span<const plan::Op> ops);
  void note(const observe::Event& event);
  model::Lab expanded();
  /// Of what is wanted: processes that are ready, routes of the routers.
  std::vector<std::string> missing() const;
  /// And of what was made: wires that the kernel has seen to be joined, without which a route is dead; load
  /// balancers that nobody announces and that have a real server.
  std::vector<std::string> missing_of_all() const;
  const model::Host& host(const std::string& name) const;

  asio::any_io_executor executor_;
  std::string name_, state_, programs_;
  History history_;
  ProcessTable processes_;
  std::shared_ptr<ProcessTable::Listener> lines_;
  BgpWatch bgp_{processes_, history_};
  std::unique_ptr<apply::LinuxKernel> kernel_;
  std::map<std::string, std::unique_ptr<observe::Monitor>> watches_;
  RouteTable routes_;                 // as the kernels' notifications tell
  std::set<End> running_links_ = {};  // that have their carrier
  std::set<std::string> balancing_;   // hosts whose lbd has told of a real server
  model::Cluster cluster_;
  std::vector<model::Service> as_written_;
  cluster::Placement placement_;
  model::Lab have_;
  Programs company_;
  std::set<End> without_carrier_, impaired_;  // without_carrier_: whose other end is down
  std::set<std::pair<std::string, std::string>> frozen_;
  bool changing_ = false;
};

}  // namespace lblab::run
