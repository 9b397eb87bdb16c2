#pragma once

#include <string>
#include <vector>

#include "lab/bench/matrix.hpp"
#include "lab/bench/results.hpp"
#include "lab/cli/topology_file.hpp"

namespace lblab::cli {

/// Brings up what the benches of that name need, in this kernel, bench after bench, and loads it. Shows
/// progress. What fails in one variant is lost with its cause, and the rest is measured. What came up is
/// taken down, however it ends.
bench::Results measure(const Topology&, const std::string& file, const std::vector<std::string>& benches);

/// Brings one variant up, in a kernel whose nanoseconds are instructions, and counts those of its requests.
/// Throws Failure.
bench::Results count_instructions(const std::string& file, const std::string& bench,
                                  const bench::Variant& variant, int round);

}  // namespace lblab::cli
