#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/bench/matrix.hpp"
#include "lab/model/parse.hpp"
#include "tests/unit/golden.hpp"
#include "tests/unit/mistaken.hpp"

/// A bench in a topology, and the labs that it means.
namespace lblab::bench {
namespace {

using model::Mistaken;
using testing::ElementsAre;
using testing::HasSubstr;

std::string topology(const std::string& bench) {
  return test::topology("ecmp.yaml") + "\nbench:\n  b:\n    " + bench + "\n";
}

Matrix made(const std::string& bench) {
  const auto yaml = topology(bench);
  const auto parsed = model::parse(yaml);
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << model::format(diagnostic, "bench");
  return matrix(yaml, *parsed.cluster, parsed.cluster->benches.front());
}

model::Cluster cluster_of(const Variant& variant) {
  auto parsed = model::parse(variant.text);
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << model::format(diagnostic, variant.lab);
  return parsed.cluster.value();
}

std::vector<std::string> names(const Matrix& matrix) {
  std::vector<std::string> out;
  for (const auto& variant : matrix.variants) out.push_back(variant.point.name);
  return out;
}

TEST(BenchMatrix, HasEveryCombinationAsALabOfItsOwn) {
  const auto matrix = made("vary: {forwarding: [nat, tunnel], pods: [1, 2, 4]}");
  EXPECT_THAT(names(matrix), ElementsAre("nat.1", "nat.2", "nat.4", "tunnel.1", "tunnel.2", "tunnel.4"));
  const auto& last = matrix.variants.back();
  EXPECT_EQ(last.point.series, "tunnel");
  EXPECT_EQ(last.point.x, 4);
  EXPECT_EQ(last.url(), "http://10.1.1.1:80/");
  EXPECT_EQ(last.client, "client");
  const auto cluster = cluster_of(last);
  EXPECT_EQ(cluster.name, last.lab);
  EXPECT_EQ(cluster.services.front().pods.replicas, 4);
  EXPECT_EQ(cluster.services.front().load_balancers->forwarding, model::LoadBalancers::Forwarding::tunnel);
  EXPECT_TRUE(cluster.benches.empty());
  EXPECT_NE(matrix.variants.front().lab, last.lab);
}

TEST(BenchMatrix, TakesAForwardingModeAndAPlaceWithTheKind) {
  using model::LoadBalancers;
  const auto matrix = made("vary: {kind: [ipvs-tunnel, ipvs-tunnel-in-node, iptables-in-node]}");
  ASSERT_EQ(matrix.variants.size(), 3U);
  const auto balancers = [&](std::size_t n) {
    return cluster_of(matrix.variants[n]).services.front().load_balancers.value();
  };
  EXPECT_EQ(balancers(0).kind, "ipvs");
  EXPECT_EQ(balancers(0).forwarding, LoadBalancers::Forwarding::tunnel);
  EXPECT_EQ(balancers(0).in, LoadBalancers::Place::pod);
  EXPECT_EQ(balancers(1).kind, "ipvs");
  EXPECT_EQ(balancers(1).forwarding, LoadBalancers::Forwarding::tunnel);
  EXPECT_EQ(balancers(1).in, LoadBalancers::Place::node);
  EXPECT_EQ(balancers(2).kind, "iptables");
  EXPECT_EQ(balancers(2).forwarding, LoadBalancers::Forwarding::nat);
  EXPECT_EQ(balancers(2).in, LoadBalancers::Place::node);
  EXPECT_EQ(matrix.variants[2].entry, "node1");
}

TEST(BenchMatrix, WithoutLoadBalancerTheClientAsksAPodAndTheRouterKnowsTheWay) {
  const auto matrix = made("vary: {kind: [direct], load-balancers: [1, 2]}");
  ASSERT_EQ(matrix.variants.size(), 2U);
  const auto& direct = matrix.variants.front();
  EXPECT_EQ(direct.url(), "http://172.16.1.2:80/");
  const auto cluster = cluster_of(direct);
  EXPECT_FALSE(cluster.services.front().load_balancers);
  const auto& routes = cluster.node("router")->routes;
  ASSERT_EQ(routes.size(), 3U);
  EXPECT_EQ(routes[1].destination.str(), "172.16.2.0/24");
  EXPECT_EQ(routes[1].via.front().str(), "10.0.0.106");
}

TEST(BenchMatrix, SetsWhatAllVariantsHaveAndKeysWithDots) {
  const auto matrix =
      made("{vary: {nodes.router.bgp.groups: [plain, resilient]}, set: {overlay.masquerade: false}}");
  ASSERT_EQ(matrix.variants.size(), 2U);
  const auto cluster = cluster_of(matrix.variants[1]);
  EXPECT_FALSE(cluster.overlay->masquerade);
  EXPECT_EQ(cluster.node("router")->bgp->groups, model::NexthopGroups::resilient);
}

TEST(BenchMatrix, CoreSettingsAreThoseOfEveryInterface) {
  const auto matrix = made("vary: {rps: [0, 2], rss: [0, 4]}");
  ASSERT_EQ(matrix.variants.size(), 4U);
  const auto none = cluster_of(matrix.variants.front()), both = cluster_of(matrix.variants.back());
  for (const auto& node : both.nodes)
    for (const auto& interface : node.interfaces) {
      EXPECT_THAT(interface.rps, ElementsAre(0, 1)) << node.name;
      EXPECT_EQ(interface.rss, 4) << node.name;
    }
  for (const auto& node : none.nodes)
    for (const auto& interface : node.interfaces) EXPECT_TRUE(interface.rps.empty() && interface.rss == 0);
  EXPECT_EQ(
      model::variants(model::parse(topology("vary: {rps: [1, 2]}")).cluster.value().benches.front())[1].x, 2);
}

TEST(BenchMatrix, LabsOfOneNameAreTheSame) {
  const auto kinds = made("vary: {kind: [direct, ipvs]}"), fewer = made("vary: {kind: [ipvs]}");
  EXPECT_EQ(kinds.variants[1].lab, fewer.variants[0].lab);
  EXPECT_EQ(kinds.variants[1].text, fewer.variants[0].text);
  EXPECT_NE(kinds.variants[0].lab, kinds.variants[1].lab);
  EXPECT_EQ(kinds.variants[0].entry, "node1");
}

TEST(BenchMatrix, ThePapersFiguresMayBeElsewhereAlongThePlot) {
  const auto bench = model::parse(topology("{vary: {pods: [1, 2]}, paper: {source: x, at: [1, 4, 8], "
                                           "figures: {pods: [10, 30, 50]}}}"))
                         .cluster.value()
                         .benches.front();
  const auto all = model::variants(bench);
  EXPECT_EQ(model::paper_figure(bench, all[0]), 10);
  EXPECT_EQ(model::paper_figure(bench, all[1]), std::nullopt);
  EXPECT_THAT(model::paper_line(bench, "pods"),
              ElementsAre(std::pair{1.0, 10.0}, std::pair{4.0, 30.0}, std::pair{8.0, 50.0}));
}

TEST(BenchMatrix, SaysWhichVariantCannotBe) {
  const auto matrix = made("vary: {load-balancers: [3, 5]}");
  ASSERT_EQ(matrix.variants.size(), 1U);
  ASSERT_EQ(matrix.diagnostics.size(), 1U);
  EXPECT_THAT(matrix.diagnostics.front().wrong, HasSubstr("variant 5 of b"));
  EXPECT_THAT(made("vary: {pods: [0, 1]}").diagnostics.front().wrong, HasSubstr("variant 0 of b: no pods"));
}

TEST(BenchMatrix, FindsThePapersFigureOfAVariant) {
  const auto yaml = topology(
      "{vary: {kind: [direct, ipvs], pods: [1, 2]}, paper: {source: Figure 4.6, figures: {ipvs: [20, 41]}}}");
  const auto bench = model::parse(yaml).cluster.value().benches.front();
  const auto all = model::variants(bench);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(model::paper_figure(bench, all[0]), std::nullopt);
  EXPECT_EQ(model::paper_figure(bench, all[3]), 41);
  EXPECT_THAT(model::series(bench), ElementsAre("direct", "ipvs"));
}

TEST(BenchMatrix, CallsTheOnlySeriesByItsAxis) {
  const auto bench = model::parse(topology("vary: {pods: [1, 2]}")).cluster.value().benches.front();
  EXPECT_THAT(model::series(bench), ElementsAre("pods"));
}

const std::string head =
    "name: t\nnetworks: {n: {subnet: 10.0.0.0/16}, i: {subnet: 192.0.2.0/24}}\nnodes:\n"
    "  c: {role: client, interfaces: {i: 192.0.2.2}, gateway: r}\n"
    "  r: {role: router, interfaces: {i: 192.0.2.1, n: 10.0.0.1}, bgp: {}}\n"
    "  a: {role: node, interfaces: {n: 10.0.0.2}, gateway: r}\noverlay: {}\n"
    "services: {web: {addresses: 10.1.1.0/24, load-balancers: {}}, still: {addresses: "
    "10.1.2.0/24}}\nbench:\n";

class BenchMistakes : public testing::TestWithParam<Mistaken> {};

TEST_P(BenchMistakes, AreReportedWhereTheyStand) {
  auto mistaken = GetParam();
  mistaken.text = head + mistaken.text;
  model::expect_reported(mistaken);
}

INSTANTIATE_TEST_SUITE_P(
    Of, BenchMistakes,
    testing::Values(
        Mistaken{"NothingVaries", "  ^b: {service: web}\n", {{"lacks the key 'vary'", "add vary"}}},
        Mistaken{"NoAxes", "  b: {service: web, ^vary: {}}\n", {{"nothing to vary", "kind"}}},
        Mistaken{"UnknownAxis", "  b: {service: web, vary: {^kinds: [ipvs]}}\n", {{"kinds", "'kind'"}}},
        Mistaken{"UnknownKind", "  b: {service: web, vary: {kind: [direct, ^ipsv]}}\n", {{"ipsv", "ipvs"}}},
        Mistaken{"NoNumber", "  b: {service: web, vary: {pods: [1, ^many]}}\n", {{"many", "number"}}},
        Mistaken{"Twice", "  b: {service: web, vary: {pods: [1, ^1]}}\n", {{"twice", "leave"}}},
        Mistaken{"TooMany",
                 "  b: {service: web, ^vary: {pods: [1, 2, 3, 4, 5], scheduler: [rr, lc, sh, mh, dh]}}\n",
                 {{"more than 24", "two benches"}}},
        Mistaken{"NoService", "  ^b: {vary: {pods: [1, 2]}}\n", {{"which service", "service"}}},
        Mistaken{"UnknownService", "  b: {service: ^wob, vary: {pods: [1]}}\n", {{"'wob'", "services"}}},
        Mistaken{
            "NoBalancers", "  b: {service: ^still, vary: {pods: [1]}}\n", {{"no load balancers", "add"}}},
        Mistaken{
            "UnknownBaseline", "  b: {service: web, vary: {pods: [1, 2]}, baseline: ^3}\n", {{"'3'", "1"}}},
        Mistaken{"UnknownSeries",
                 "  b: {service: web, vary: {kind: [ipvs]}, paper: {source: x, figures: {^nginx: 1}}}\n",
                 {{"nginx", "ipvs"}}},
        Mistaken{"FiguresMissing",
                 "  b: {service: web, vary: {pods: [1, 2]}, paper: {source: x, figures: {^pods: 5}}}\n",
                 {{"one figure", "each of pods"}}},
        Mistaken{"MeasuredTwice",
                 "  b: {service: web, vary: {pods: [1]}, measure: [cpu, ^cpu]}\n",
                 {{"twice", ""}}},
        Mistaken{"NoProcessors", "  b: {service: web, vary: {rps: [1, ^many]}}\n", {{"many", "0 to 64"}}},
        Mistaken{"FiguresOfOtherMeasures",
                 "  b: {service: web, vary: {pods: [1]}, measure: [cpu], ^figure: [\"1\", \"2\"]}\n",
                 {{"2 figures for 1 measure", "one"}}},
        Mistaken{
            "AlongNothing",
            "  b: {service: web, vary: {kind: [ipvs]}, paper: {source: x, ^at: [1], figures: {ipvs: 1}}}\n",
            {{"along nothing", "leave"}}},
        Mistaken{"ThreadsWithoutConnections",
                 "  b: {service: web, vary: {pods: [1]}, load: {connections: 2, ^threads: 3}}\n",
                 {{"3 threads for 2", "connection"}}}),
    model::story_of);

}  // namespace
}  // namespace lblab::bench
