#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lab/bgp/session.hpp"

/// A bgpd of FRR 8.4, by what it prints.
namespace lblab::bgp {

/// What `show bgp summary json` prints, of all address families. Empty where vtysh reached no bgpd.
std::vector<Session> parse_frr_summary(std::string_view text);

/// A line of its log, with `bgp log-neighbor-changes`. Nothing: it tells of something else. Reasons are as
/// "Hold Timer Expired", "Peer closed the session".
std::optional<SessionChange> parse_frr_log_line(std::string_view line);

}  // namespace lblab::bgp
