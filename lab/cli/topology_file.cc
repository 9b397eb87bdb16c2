#include "lab/cli/topology_file.hpp"

#include <cstdio>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/model/parse.hpp"
#include "lab/plan/compile.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

Topology load_topology(const std::string& file, const std::string& name) {
  Topology topology;
  try {
    topology.text = sys::read_file(file);
  } catch (const sys::SystemError& e) {
    throw Failure{bad_input, e.what()};
  }
  auto parsed = model::parse(topology.text);
  for (const auto& diagnostic : parsed.diagnostics)
    std::fprintf(stderr, "%s\n", model::format(diagnostic, file).c_str());
  if (!parsed.cluster) {
    const size_t n = parsed.diagnostics.size();
    throw Failure{bad_input, std::to_string(n) + (n == 1 ? " mistake in " : " mistakes in ") + file +
                                 "; nothing was made"};
  }
  topology.cluster = std::move(*parsed.cluster);
  if (!name.empty()) topology.cluster.name = name;
  cluster::Placement placement;
  model::Lab lab = cluster::expand(topology.cluster, placement);
  lab.name = topology.cluster.name;
  topology.plan = plan::compile({}, lab);
  return topology;
}

}  // namespace lblab::cli
