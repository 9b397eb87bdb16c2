#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lbcore/dataplane/dataplane.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::dataplane {

/// What lbd's configuration calls it.
std::string name(DataplaneKind);
/// Of every kind, in the order of the enumeration.
std::vector<std::string> names();

/// What a kind of dataplane can do.
struct Abilities {
  std::vector<std::string> schedulers;  // the first is the default
  bool ipv6 = false;
  bool is_ipvs = false;  // every way of forwarding; scheduler flags, persistence and one-packet scheduling
};
const Abilities& abilities(DataplaneKind);

/// Throws SystemError where the kernel or a program that it needs is missing.
std::unique_ptr<Dataplane> make(DataplaneKind);

}  // namespace lbcore::dataplane
