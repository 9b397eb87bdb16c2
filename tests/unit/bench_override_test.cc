#include <gtest/gtest.h>

#include "lab/model/override.hpp"
#include "lab/model/parse.hpp"
#include "tests/unit/golden.hpp"

/// Values of a topology set from outside: the text that comes of it, read again by the parser.
namespace lblab::model {
namespace {

Cluster with(const std::string& yaml, std::vector<Setting> settings) {
  const auto made = override_settings(yaml, settings);
  for (const auto& diagnostic : made.diagnostics) ADD_FAILURE() << format(diagnostic, "settings");
  auto parsed = parse(made.text);
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << made.text << format(diagnostic, "made");
  return parsed.cluster.value_or(Cluster{});
}

std::string why_not(const std::string& yaml, const Setting& setting) {
  const auto made = override_settings(yaml, std::vector{setting});
  EXPECT_EQ(made.text, "");
  return made.diagnostics.empty() ? "" : made.diagnostics.front().wrong;
}

TEST(Override, WithoutSettingsATopologyMeansWhatItMeant) {
  for (const auto* file : {"ecmp.yaml", "failover.yaml", "two-paths.yaml", "sources.yaml", "plain.yaml"}) {
    SCOPED_TRACE(file);
    const auto before = parse(test::topology(file)).cluster.value();
    const auto after = with(test::topology(file), {});
    EXPECT_EQ(after.name, before.name);
    ASSERT_EQ(after.nodes.size(), before.nodes.size());
    for (std::size_t n = 0; n < before.nodes.size(); ++n) {
      EXPECT_EQ(after.nodes[n].name, before.nodes[n].name);
      EXPECT_EQ(after.nodes[n].sysctls, before.nodes[n].sysctls);
      ASSERT_EQ(after.nodes[n].processes.size(), before.nodes[n].processes.size());
      for (std::size_t p = 0; p < before.nodes[n].processes.size(); ++p)
        EXPECT_EQ(after.nodes[n].processes[p].argv, before.nodes[n].processes[p].argv);
    }
    EXPECT_EQ(after.services.size(), before.services.size());
    EXPECT_EQ(after.scenarios.size(), before.scenarios.size());
  }
}

TEST(Override, SetsAKeyThatIsThereAndOneThatIsNot) {
  const auto cluster = with(
      test::topology("ecmp.yaml"),
      {{"services.web.pods.replicas", "9"}, {"services.web.port", "8080"}, {"overlay.masquerade", "false"}});
  EXPECT_EQ(cluster.services.front().pods.replicas, 9);
  EXPECT_EQ(cluster.services.front().port, 8080);
  EXPECT_FALSE(cluster.overlay->masquerade);
}

TEST(Override, MakesWhatIsMissingOnTheWay) {
  const auto cluster =
      with("name: a\nnodes:\n  b:\n", {{"nodes.b.role", "client"}, {"nodes.c.role", "client"}});
  ASSERT_EQ(cluster.nodes.size(), 2U);
  EXPECT_EQ(cluster.nodes.front().role, Role::client);
}

TEST(Override, WritesAShortFormOutWhereAKeyGoesThroughIt) {
  const auto cluster =
      with(test::topology("ecmp.yaml"), {{"nodes.node1.interfaces.node-net.impair.rate", "5mbit"}});
  for (const auto& node : cluster.nodes)
    if (node.name == "node1") {
      EXPECT_EQ(node.interfaces.front().impairment->rate_bits, 5'000'000U);
      EXPECT_EQ(node.interfaces.front().address.str(), "10.0.0.105/16");
    }
}

TEST(Override, TakesASysctlsDotsAsPartOfItsName) {
  const auto cluster = with("name: a\nnodes: {b: {}}\n", {{"nodes.b.sysctls.net.ipv4.ip_forward", "1"}});
  EXPECT_EQ(cluster.nodes.front().sysctls,
            (std::map<std::string, std::string>{{"net.ipv4.ip_forward", "1"}}));
}

TEST(Override, SetsAWholeList) {
  const auto cluster =
      with(test::topology("ecmp.yaml"), {{"nodes.router.routes", "[{to: 172.16.1.0/24, via: 10.0.0.105}]"}});
  for (const auto& node : cluster.nodes)
    if (node.name == "router") {
      ASSERT_EQ(node.routes.size(), 1U);
      EXPECT_EQ(node.routes.front().destination.str(), "172.16.1.0/24");
    }
}

TEST(Override, TakesAKeyAway) {
  EXPECT_FALSE(with(test::topology("ecmp.yaml"), {{"services.web.load-balancers", {}}})
                   .services.front()
                   .load_balancers);
  EXPECT_TRUE(with(test::topology("ecmp.yaml"), {{"services.other.load-balancers", {}}})
                  .services.front()
                  .load_balancers)
      << "what is not there is not made to be taken away";
}

TEST(Override, KeepsTextsThatYamlWouldTakeForSomethingElse) {
  const std::string yaml =
      "name: a\nnodes:\n  b:\n    processes:\n      - run: [echo, \"a: b # c\", 'say \"hi\" \\ there', "
      "\"5\"]\n";
  const auto cluster = with(yaml, {{"name", "c"}});
  EXPECT_EQ(cluster.nodes.front().processes.front().argv,
            (std::vector<std::string>{"echo", "a: b # c", "say \"hi\" \\ there", "5"}));
}

TEST(Override, SaysWhatCannotBeSet) {
  const auto ecmp = test::topology("ecmp.yaml");
  EXPECT_NE(why_not(ecmp, {"name.first", "x"}).find("has no keys"), std::string::npos);
  EXPECT_NE(why_not(ecmp, {"services..port", "1"}).find("empty name"), std::string::npos);
  EXPECT_NE(why_not(ecmp, {"name", "[a"}).find("not YAML"), std::string::npos);
  EXPECT_NE(why_not(ecmp, {"name", ""}).find("empty"), std::string::npos);
}

TEST(Override, LeavesAKeyThatTheParserDoesNotKnowToTheParser) {
  const auto made = override_settings(test::topology("ecmp.yaml"),
                                      std::vector<Setting>{{"services.web.pods.replcas", "9"}});
  const auto parsed = parse(made.text);
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  EXPECT_NE(parsed.diagnostics.front().right.find("replicas"), std::string::npos);
}

TEST(Override, ReadsASettingOfACommandLine) {
  EXPECT_EQ(setting("a.b=c=d"), (Setting{"a.b", "c=d"}));
  EXPECT_EQ(setting("a.b"), std::nullopt);
  EXPECT_EQ(setting("=c"), std::nullopt);
}

}  // namespace
}  // namespace lblab::model
