#include "lab/model/parse.hpp"

#include <algorithm>

#include "lab/model/check.hpp"
#include "lab/model/read.hpp"
#include "lab/model/yaml.hpp"

namespace lblab::model {

Parsed parse(std::string_view yaml) {
  Parsed parsed;
  if (const auto root = read_yaml(yaml, parsed.diagnostics)) {
    const View topology(*root);
    check_shape(*root, parsed.diagnostics);
    check_names(topology, parsed.diagnostics);
    check_references(topology, parsed.diagnostics);
    check_addresses(topology, parsed.diagnostics);
    check_clouds(topology, parsed.diagnostics);
    check_cluster(topology, parsed.diagnostics);
    check_scenarios(topology, parsed.diagnostics);
    check_benches(topology, parsed.diagnostics);
    if (parsed.diagnostics.empty()) parsed.cluster = read_cluster(topology);
  }
  std::ranges::sort(parsed.diagnostics);
  return parsed;
}

}  // namespace lblab::model
