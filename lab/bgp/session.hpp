#pragma once

#include <string>
#include <string_view>

#include "lab/sys/address.hpp"

namespace lblab::bgp {

/// A session as its speaker sees it.
struct Session {
  sys::Address peer;
  std::string state;  // "established", "open sent", … as RFC 4271, 8.2.2, names them; bird has "passive" too
  bool operator==(const Session&) const = default;
};

/// A session that came up or went down.
struct SessionChange {
  sys::Address peer;
  bool up = false;
  std::string reason;  // down, in the speaker's words
  bool operator==(const SessionChange&) const = default;
};

/// A state as daemons write it: "OpenSent" → "open sent".
std::string in_words(std::string_view state);

}  // namespace lblab::bgp
