#pragma once

#include <optional>
#include <string_view>

#include "lab/model/cluster.hpp"
#include "lab/model/diagnostic.hpp"

namespace lblab::model {

/// A cluster, or every mistake in the file, by line and column; never both.
struct Parsed {
  std::optional<Cluster> cluster;
  Diagnostics diagnostics;
};

/// Pure, and safe on any bytes: time and memory are bounded by the limits of yaml.hpp. docs/topology.md
/// describes the format.
Parsed parse(std::string_view yaml);

}  // namespace lblab::model
