#pragma once

#include <string>
#include <vector>

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
/// overrides the file's own; `settings` are KEY=VALUE, as --set takes them.
Topology load_topology(const std::string& file, const std::string& name,
                       const std::vector<std::string>& settings = {});

/// Of a text that parses without mistakes.
Topology topology_of(std::string text);

}  // namespace lblab::cli
