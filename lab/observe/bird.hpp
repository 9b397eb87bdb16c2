#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/address.hpp"

namespace lblab::observe {

/// A BGP session of a bird 2.
struct BirdSession {
  sys::Address peer;
  std::string state;  // "established", "open sent", … as RFC 4271 names them; "passive" is bird's own
  bool operator==(const BirdSession&) const = default;
};

/// What `birdc show protocols all` prints, sessions only: a protocol that waits for whoever comes from a
/// range has none; each that came is a protocol of its own. Empty where birdc reached no bird.
std::vector<BirdSession> parse_bird_protocols(std::string_view text);

}  // namespace lblab::observe
