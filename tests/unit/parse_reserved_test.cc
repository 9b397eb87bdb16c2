#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"

/// Names that expand() gives are refused when a user gives them: what they are is read off the expanded
/// papers' cluster.
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

}  // namespace
}  // namespace lblab
