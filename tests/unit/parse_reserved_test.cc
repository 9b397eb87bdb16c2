#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"

/// Names that expand() gives are refused when a user gives them, and are known to scenarios: what they are is
/// read off the expanded papers' cluster.
namespace lblab {
namespace {

class Reserved : public testing::Test {
 protected:
  Reserved() {
    std::ifstream in(LBLAB_SOURCE_DIR "/topologies/ecmp.yaml");
    std::ostringstream all;
    all << in.rdbuf();
    text_ = all.str();
    cluster_ = model::parse(text_).cluster.value();
    cluster::Placement placement;
    lab_ = cluster::expand(cluster_, placement);
  }

  /// The topology, `to` put in the place of `from`.
  model::Parsed with(const std::string& from, const std::string& to) const {
    std::string text = text_;
    const auto at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    return model::parse(text.replace(at, from.size(), to));
  }

  std::string text_;
  model::Cluster cluster_;
  model::Lab lab_;
};

TEST_F(Reserved, HostsThatTheLabMakesAreNoNodes) {
  int made = 0;
  for (const auto& [name, host] : lab_.hosts) {
    if (cluster_.node(name)) continue;
    EXPECT_FALSE(with("nodes:\n", fmt::format("nodes:\n  {}: {{}}\n", name)).cluster) << name;
    ++made;
  }
  EXPECT_GE(made, 1 + 6 + 3) << "the switch and the pods";
}

TEST_F(Reserved, InterfacesThatTheLabMakesAreNotForLinks) {
  int made = 0;
  for (const auto& link : lab_.hosts.at("node1").links) {
    const auto parsed = with("overlay:", fmt::format("links: [[node1:{}, client:x]]\noverlay:", link.name));
    EXPECT_FALSE(parsed.cluster) << link.name;
    ++made;
  }
  EXPECT_GE(made, 1 + 1 + 2) << "eth0, the pods' bridge and its ports";
}

TEST_F(Reserved, ProcessesThatTheLabRunsAreNotTheUsers) {
  for (const char* node : {"router", "rr"}) {
    EXPECT_FALSE(lab_.hosts.at(node).processes.empty());
    for (const auto& process : lab_.hosts.at(node).processes)
      EXPECT_FALSE(with(fmt::format("  {}: {{", node),
                        fmt::format("  {}: {{processes: [{{run: {}}}], ", node, process.name))
                       .cluster)
          << process.name;
  }
}

/// Whether a scenario can do this to the lab.
bool can_do(const std::string& topology, const std::string& step) {
  return model::parse(topology + "\nscenarios: {s: {steps: [{" + step + "}]}}\n").cluster.has_value();
}

std::string with_bird(std::string topology) {
  for (const std::string agent = "gobgp"; topology.find(agent) != topology.npos;)
    topology.replace(topology.find(agent), agent.size(), "bird");
  return topology;
}

TEST_F(Reserved, ScenariosKnowTheProcessesOfEveryHostAndNoOthers) {
  for (const auto& topology : {text_, with_bird(text_)}) {
    cluster::Placement placement;
    int made = 0;
    for (const auto& [name, host] :
         cluster::expand(model::parse(topology).cluster.value(), placement).hosts) {
      if (name == "fabric") continue;
      for (const std::string process : {"gobgpd", "bird", "fibd", "lbd", "exabgp", "nginx"}) {
        const bool runs = std::ranges::count(host.processes, process, &model::Process::name) > 0;
        EXPECT_EQ(can_do(topology, fmt::format("freeze: {{process: {}, in: {}}}", process, name)), runs)
            << process << " in " << name;
        made += runs;
      }
    }
    EXPECT_GE(made, 2 + 3 * 2 + 6);
  }
}

TEST_F(Reserved, ScenariosKnowTheInterfacesOfEveryHost) {
  for (const auto& [name, host] : lab_.hosts) {
    if (name == "fabric") continue;
    EXPECT_EQ(std::ranges::count(host.links, "eth0", &model::Link::name), 1) << name;
    EXPECT_TRUE(can_do(text_, fmt::format("flap: {{interface: eth0, of: {}}}", name))) << name;
  }
}

}  // namespace
}  // namespace lblab
