#pragma once

#include <string_view>
#include <vector>

#include "lab/bgp/session.hpp"

namespace lblab::bgp {

/// What bird 2's `show protocols all` prints, sessions only: a protocol that waits for whoever comes from a
/// range has none; each that came is a protocol of its own. Empty where birdc reached no bird.
std::vector<Session> parse_bird_protocols(std::string_view text);

}  // namespace lblab::bgp
