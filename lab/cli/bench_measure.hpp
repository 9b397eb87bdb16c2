#pragma once

#include <string>
#include <vector>

#include "lab/bench/results.hpp"
#include "lab/cli/topology_file.hpp"

namespace lblab::cli {

/// Brings up what the benches of that name need, in this kernel, bench after bench, and loads it. Shows
/// progress. Throws Failure. What came up is taken down, however it ends.
bench::Results measure(const Topology&, const std::string& file, const std::vector<std::string>& benches);

}  // namespace lblab::cli
