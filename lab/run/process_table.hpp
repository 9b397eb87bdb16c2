#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab/apply/linux_kernel.hpp"
#include "lab/run/history.hpp"

namespace lblab::run {

/// The lab's processes: owns them, turns their output and their ends into events, and starts again what ended
/// by itself (after a back-off of 0.2 s that doubles up to 10 s and is forgotten after 10 s of life), unless
/// its policy, or whoever killed it, says never.
///
/// Output goes to LOGS/HOST.PROCESS.log, line by line. A line that is a JSON object with an "event" (lbd and
/// fibd write such) becomes an event of the history.
class ProcessTable : public apply::Processes {
 public:
  ProcessTable(asio::any_io_executor executor, History& history, std::string logs);
  ~ProcessTable() override;

  /// Carries out a Spawn; set by who owns the kernel.
  std::function<void(const std::string& host, const model::Process&)> spawn;

  void started(const std::string& host, const model::Process& spec, sys::Process process, sys::Fd out,
               sys::Fd err) override;
  void signal(const std::string& host, const model::Process& spec, int number) override;
  void removed(const std::string& host) override;

  /// Signals one process of the host, or all (name empty). `again`: what to do when it has ended (none: as
  /// before). Returns how many got the signal.
  int kill(const std::string& host, const std::string& name, int number, std::optional<model::Restart> again);
  /// Starts what had ended for good; what was killed and has not ended yet is started when it has. Returns
  /// how many.
  int start(const std::string& host, const std::string& name);

  bool running(const std::string& host, const std::string& name) const;
  /// The names, "HOST/PROCESS", of those of `host` (empty: of all) that are not ready.
  std::vector<std::string> unready(const std::string& host = "") const;
  std::vector<std::string> names(const std::string& host) const;
  bool has(const std::string& host, const std::string& name) const;
  std::string log_file(const std::string& host, const std::string& name) const;
  /// Called with each line of output while the returned handle lives.
  using Listener =
      std::function<void(const std::string& host, const std::string& process, std::string_view line)>;
  std::shared_ptr<Listener> listen(Listener listener);

  /// [{"host", "process", "pid", "state", "restarts"}, …]
  nlohmann::json state() const;

 private:
  struct Entry;
  using Key = std::pair<std::string, std::string>;

  static asio::awaitable<void> read_lines(std::shared_ptr<Entry> entry, sys::Fd end, ProcessTable* table);
  static asio::awaitable<void> wait_for_end(std::shared_ptr<Entry> entry, ProcessTable* table);
  static asio::awaitable<void> start_later(std::shared_ptr<Entry> entry, ProcessTable* table);
  void line(Entry& entry, std::string_view text);
  void became_ready(Entry& entry);

  asio::any_io_executor executor_;
  History& history_;
  std::string logs_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace lblab::run
