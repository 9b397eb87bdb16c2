#pragma once

#include <yaml-cpp/yaml.h>

#include <vector>

#include "lbcore/mistake.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::daemon {

/// A service as it was read, with its place in the file.
struct Marked {
  ServiceSettings settings;
  YAML::Node node;
  bool has_health = false;
  bool sound = false;  // it has no mistakes of its own: what is half read is not worth comparing
};

/// Notes what does not fit together: within each service, between it and the dataplane, and between services.
void cross_check(const std::vector<Marked>& services, DataplaneKind, bool can_announce, Mistakes&);

}  // namespace lbcore::daemon
