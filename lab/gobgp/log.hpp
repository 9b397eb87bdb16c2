#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lab/sys/address.hpp"

namespace lblab::gobgp {

/// A session that went up or down, as gobgpd's log tells at that moment: the only notice there is of it
/// without asking (see parse_neighbours()).
struct SessionChange {
  sys::Address peer;
  bool up = false;
  std::string reason;  // down: "read-failed", "hold-timer-expired", …
  bool operator==(const SessionChange&) const = default;
};

/// A line of gobgpd 3.10's log, in logfmt. Nothing: it tells of something else.
std::optional<SessionChange> parse_log_line(std::string_view line);

}  // namespace lblab::gobgp
