#include "lab/cli/topology_file.hpp"

#include <cstdio>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/model/override.hpp"
#include "lab/model/parse.hpp"
#include "lab/plan/compile.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

namespace {

void plan_for(Topology& topology) {
  cluster::Placement placement;
  model::Lab lab = cluster::expand(topology.cluster, placement);
  lab.name = topology.cluster.name;
  topology.plan = plan::compile({}, lab);
}

/// The marks of a text that nobody wrote say nothing.
void report(const model::Diagnostics& of_settings) {
  for (const auto& [mark, wrong, right] : of_settings)
    std::fprintf(stderr, "--set: %s; %s\n", wrong.c_str(), right.c_str());
}

std::string with_settings(const std::string& yaml, const std::vector<std::string>& texts) {
  std::vector<model::Setting> settings;
  for (const auto& text : texts) {
    const auto setting = model::setting(text);
    if (!setting)
      throw Failure{bad_input, "--set " + text + ": write KEY=VALUE, as services.web.pods.replicas=9"};
    settings.push_back(*setting);
  }
  auto made = model::override_settings(yaml, settings);
  report(made.diagnostics);
  if (!made.diagnostics.empty()) throw Failure{bad_input, "not all could be set; nothing was made"};
  return made.text;
}

}  // namespace

Topology load_topology(const std::string& file, const std::string& name,
                       const std::vector<std::string>& settings) {
  Topology topology;
  try {
    topology.text = sys::read_file(file);
  } catch (const sys::SystemError& e) {
    throw Failure{bad_input, e.what()};
  }
  auto parsed = model::parse(topology.text);
  for (const auto& diagnostic : parsed.diagnostics)
    std::fprintf(stderr, "%s\n", model::format(diagnostic, file).c_str());
  if (parsed.cluster && !settings.empty()) {
    topology.text = with_settings(topology.text, settings);
    parsed = model::parse(topology.text);
    report(parsed.diagnostics);
  }
  if (!parsed.cluster) {
    const size_t n = parsed.diagnostics.size();
    throw Failure{bad_input, std::to_string(n) + (n == 1 ? " mistake in " : " mistakes in ") + file +
                                 "; nothing was made"};
  }
  topology.cluster = std::move(*parsed.cluster);
  if (!name.empty()) topology.cluster.name = name;
  plan_for(topology);
  return topology;
}

Topology topology_of(std::string text) {
  Topology topology{.text = std::move(text), .cluster = {}, .plan = {}};
  topology.cluster = model::parse(topology.text).cluster.value();
  plan_for(topology);
  return topology;
}

}  // namespace lblab::cli
