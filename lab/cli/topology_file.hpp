#pragma once

#include <string>

#include "lab/cluster/expand.hpp"
#include "lab/model/cluster.hpp"
#include "lab/plan/op.hpp"

namespace lblab::cli {

/// A topology file as far as it can be taken without touching the machine.
struct Topology {
  std::string text;
  model::Cluster cluster;
  plan::Plan plan;  // what `up` would do
};

/// Reads, checks and expands. Mistakes go to stderr, all of them, and end in Failure (bad_input). `name`
/// overrides the file's own.
Topology load_topology(const std::string& file, const std::string& name);

}  // namespace lblab::cli
