#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>

#include "lbcore/mistake.hpp"
#include "lbcore/settings.hpp"

/// Keys of lbd's configuration that only IPVS has, and what they take. Each notes what is wrong.
namespace lbcore::daemon {

/// A duration that the kernel counts in seconds, and keeps in ticks of an int.
std::optional<std::uint32_t> whole_seconds(const YAML::Node&, const std::string& what, Mistakes&);

/// {upper: 100, lower: 80}
Thresholds read_thresholds(const YAML::Node&, Mistakes&);

/// {timeouts: {tcp: 15m, tcpfin: 2m, udp: 5m}, sloppy-tcp: true}
IpvsSettings read_ipvs(const YAML::Node&, Mistakes&);

}  // namespace lbcore::daemon
