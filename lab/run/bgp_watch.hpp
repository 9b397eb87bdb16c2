#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "lab/run/process_table.hpp"

namespace lblab::run {

/// Turns what gobgpd and its client print into events: a session that goes up or down,
///   {"event": "session", "host", "process": "gobgpd", "peer", "state": "up" | "down", "reason"}
/// and, where a rib-monitor runs beside it, a path that comes or goes:
///   {"event": "path", "host", "prefix", "next-hop", "state": "announced" | "withdrawn"}
class BgpWatch {
 public:
  BgpWatch(ProcessTable& processes, History& history);

 private:
  void log_line(const std::string& host, std::string_view line);
  void rib_line(const std::string& host, std::string_view line);
  void set_paths(const std::string& host, const std::string& prefix, const std::set<std::string>& now);

  History& history_;
  std::map<std::string, std::map<std::string, std::set<std::string>>> paths_;  // host → prefix → next hops
  std::shared_ptr<ProcessTable::Listener> listener_;
};

}  // namespace lblab::run
