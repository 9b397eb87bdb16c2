#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "lab/bgp/bird_log.hpp"
#include "lab/run/process_table.hpp"

namespace lblab::run {

/// Turns what gobgpd, its client, FRR's bgpd, and bird print into events: a session that goes up or down,
///   {"event": "session", "host", "process": "gobgpd" | "bgpd" | "bird", "peer", "state": "up" | "down",
///   "reason"}
/// and, where a rib-monitor runs beside it, a path that comes or goes:
///   {"event": "path", "host", "prefix", "next-hop", "state": "announced" | "withdrawn"}
class BgpWatch {
 public:
  BgpWatch(ProcessTable& processes, History& history);

 private:
  void log_line(const std::string& host, std::string_view line);
  void frr_line(const std::string& host, std::string_view line);
  void bird_line(const std::string& host, std::string_view line);
  void tell_session(const std::string& host, const char* process, const sys::Address& peer, bool up,
                    const std::string& reason);
  void rib_line(const std::string& host, std::string_view line);
  void set_paths(const std::string& host, const std::string& prefix, const std::set<std::string>& now);

  History& history_;
  std::map<std::string, std::map<std::string, std::set<std::string>>> paths_;  // host → prefix → next hops
  std::map<std::string, bgp::BirdLog> birds_;                                  // by host
  std::shared_ptr<ProcessTable::Listener> listener_;
};

}  // namespace lblab::run
