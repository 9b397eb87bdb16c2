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
#include "lab/model/cluster.hpp"
#include "lab/observe/monitor.hpp"
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

  void kill(const std::string& host, const std::string& process, int signal, model::Restart again);
  void start(const std::string& host, const std::string& process);
  /// Carrier lost or back: sets the far end of the host's link, which is the switch's port.
  void set_carrier(const std::string& host, const std::string& link, bool up);

  std::vector<int> namespaces(const std::string& host);
  std::vector<std::string> environment() const;
  /// What is wanted and what the kernels and daemons say: see `lblab inspect --json`.
  asio::awaitable<nlohmann::json> inspect();
  History& history() { return history_; }
  ProcessTable& processes() { return processes_; }
  const model::Lab& lab() const { return have_; }

 private:
  class Turn;

  asio::awaitable<void> change_to(model::Lab want);
  asio::awaitable<void> settle(Progress progress, std::chrono::seconds limit);
  asio::awaitable<void> tell_balancers(std::span<const plan::Op> ops);
  asio::awaitable<void> let_stop(std::span<const plan::Op> stops);
  void watch(std::span<const plan::Op> ops);
  void note(const observe::Event& event);
  model::Lab expanded();
  std::vector<std::string> missing() const;
  const model::Host& host(const std::string& name) const;

  asio::any_io_executor executor_;
  std::string name_, state_, programs_;
  History history_;
  ProcessTable processes_;
  std::unique_ptr<apply::LinuxKernel> kernel_;
  std::map<std::string, std::unique_ptr<observe::Monitor>> watches_;
  RouteTable routes_;  // as the kernels' notifications tell
  model::Cluster cluster_;
  cluster::Placement placement_;
  model::Lab have_;
  bool changing_ = false;
};

}  // namespace lblab::run
