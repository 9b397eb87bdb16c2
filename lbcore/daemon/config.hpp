#pragma once

#include <string>
#include <string_view>

#include "lbcore/mistake.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::daemon {

struct Parsed {
  Settings settings;
  Mistakes mistakes;  // in the order of the file; if there are any, `settings` is not to be used
};

/// Reads lbd's configuration (example.yaml has every key) and checks it, alone and against itself: names,
/// marks and addresses that clash, forwarding and masquerade that do not fit, a route with two next hops.
Parsed parse(std::string_view yaml);

}  // namespace lbcore::daemon
