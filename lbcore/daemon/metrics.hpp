#pragma once

#include <map>
#include <string>
#include <vector>

#include "lbcore/daemon/services.hpp"
#include "lbcore/ipvs/client.hpp"

namespace lbcore::daemon {

/// All that metrics tell of, at one moment.
struct Measured {
  std::string dataplane;
  double uptime_s = 0;
  std::vector<Services::ServiceStatus> services;
  Table table;                                  // as the dataplane has it
  std::vector<ipvs::ServiceCounters> counters;  // and what went through; of the same keys
  std::vector<Route> announced;                 // and acknowledged
  bool helper_is_connected = false;
  std::map<std::string, bool> sessions;  // up, by peer
};

/// In the text format of Prometheus, version 0.0.4. Every family has its help and type, and is left out where
/// there is nothing to tell. Counters are the dataplane's: those of a real server begin at 0 when it comes
/// back.
std::string metrics_text(const Measured&);

inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace lbcore::daemon
