#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "lab/cluster/expand.hpp"
#include "lab/cluster/placement.hpp"

namespace lblab::cluster {
namespace {

/// A cluster of n nodes and services whose replicas the test sets.
model::Cluster cluster_of(int nodes, int services, int node_prefix) {
  model::Cluster cluster{.name = "random"};
  const auto network = *model::Prefix::parse("10.0.0.0/16");
  cluster.networks.push_back({.name = "node-net", .subnet = network});
  for (int n = 1; n <= nodes; ++n)
    cluster.nodes.push_back({.name = "node" + std::to_string(n),
                             .role = model::Role::node,
                             .interfaces = {{.name = "eth0",
                                             .network = "node-net",
                                             .address = {network.address + static_cast<unsigned>(n), 16}}}});
  cluster.overlay =
      model::Overlay{.subnet = *model::Prefix::parse("172.16.0.0/16"), .node_prefix = node_prefix};
  for (int n = 1; n <= services; ++n)
    cluster.services.push_back(
        {.name = "s" + std::to_string(n),
         .addresses = {*model::Address::parse("10.1.0.0") + static_cast<unsigned>(n) * 256, 24},
         .load_balancers = model::LoadBalancers{}});
  return cluster;
}

void scale_at_random(model::Cluster& cluster) {
  const int nodes = static_cast<int>(cluster.nodes.size());
  for (auto& service : cluster.services) {
    service.pods.replicas = *rc::gen::inRange(0, 12);
    service.load_balancers->replicas = *rc::gen::inRange(0, nodes + 1);
  }
}

/// node → its pods of this lab, by the node's own links.
std::map<std::string, std::vector<std::string>> pods_by_node(const model::Lab& lab) {
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links)
      if (const auto* veth = std::get_if<model::Veth>(&link.kind); veth && host.role == "node")
        found[name].push_back(veth->peer_host);
  return found;
}

void no_two_hosts_share_an_address(const model::Lab& lab) {
  std::set<model::Address> seen;
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links)
      for (const auto& address : link.addresses) RC_ASSERT(seen.insert(address.address).second);
}

void a_node_holds_one_load_balancer_of_a_service(const model::Lab& lab) {
  for (const auto& [node, pods] : pods_by_node(lab)) {
    std::set<std::string> services;
    for (const auto& pod : pods)
      if (const auto at = pod.find("-lb-"); at != std::string::npos)
        RC_ASSERT(services.insert(pod.substr(0, at)).second);
  }
}

void pods_are_numbered_from_one(const model::Cluster& cluster, const model::Lab& lab) {
  std::set<std::string> expected, actual;
  for (const auto& service : cluster.services) {
    for (int n = 1; n <= service.pods.replicas; ++n) expected.insert(pod_name(service.name, n));
    for (int n = 1; n <= service.load_balancers->replicas; ++n)
      expected.insert(load_balancer_name(service.name, n));
  }
  for (const auto& [name, host] : lab.hosts)
    if (host.role == "pod" || host.role == "load-balancer") actual.insert(name);
  RC_ASSERT(actual == expected);
}

TEST(Placement, HoldsThroughAnySequenceOfScalings) {
  ASSERT_TRUE(rc::check("addresses differ, seats stay, one load balancer of a service a node", [] {
    auto cluster = cluster_of(*rc::gen::inRange(1, 6), *rc::gen::inRange(1, 4), 24);
    Placement placement;
    std::map<std::string, Placement::Seat> ever;
    for (int step = *rc::gen::inRange(1, 8); step > 0; --step) {
      scale_at_random(cluster);
      const auto lab = expand(cluster, placement);
      no_two_hosts_share_an_address(lab);
      a_node_holds_one_load_balancer_of_a_service(lab);
      pods_are_numbered_from_one(cluster, lab);
      for (const auto& [pod, seat] : ever) RC_ASSERT(placement.seats.at(pod) == seat);
      ever = placement.seats;
    }
  }));
}

TEST(Placement, IsRefusedWithoutATraceOrGivesEveryPodAnAddressOfItsNode) {
  ASSERT_TRUE(rc::check("small prefixes", [] {
    auto cluster = cluster_of(*rc::gen::inRange(1, 4), *rc::gen::inRange(1, 4), *rc::gen::inRange(28, 31));
    Placement placement;
    for (int step = *rc::gen::inRange(1, 6); step > 0; --step) {
      scale_at_random(cluster);
      const auto before = placement.seats;
      try {
        const auto lab = expand(cluster, placement);
        no_two_hosts_share_an_address(lab);
      } catch (const Unplaceable&) {
        RC_ASSERT(placement.seats == before);
      }
      for (const auto& [pod, seat] : placement.seats) {
        const auto n = std::stoul(seat.node.substr(4));
        const model::Prefix pods{
            *model::Address::parse("172.16.0.0") + (n << (32 - cluster.overlay->node_prefix)),
            cluster.overlay->node_prefix};
        RC_ASSERT(pods.contains(seat.address));
        RC_ASSERT(seat.address != pods.address && seat.address != pods.address + 1);
      }
    }
  }));
}

TEST(Placement, WebPodsGoRoundTheNodesAndFillTheLowestAddresses) {
  auto cluster = cluster_of(3, 1, 24);
  cluster.services[0].pods.replicas = 4;
  Placement placement;
  seat_pods(cluster, placement);
  const auto seat = [&](const char* pod) {
    return placement.seats.at(pod).node + " " + placement.seats.at(pod).address.str();
  };
  EXPECT_EQ(seat("s1-1"), "node1 172.16.1.2");
  EXPECT_EQ(seat("s1-2"), "node2 172.16.2.2");
  EXPECT_EQ(seat("s1-3"), "node3 172.16.3.2");
  EXPECT_EQ(seat("s1-4"), "node1 172.16.1.3");
  EXPECT_EQ(seat("s1-lb-1"), "node1 172.16.1.4");
}

TEST(Placement, LoadBalancersGoWhereFewestAre) {
  auto cluster = cluster_of(3, 2, 24);
  for (auto& service : cluster.services) service.pods.replicas = 0;
  cluster.services[0].load_balancers->replicas = 2;
  cluster.services[1].load_balancers->replicas = 2;
  Placement placement;
  seat_pods(cluster, placement);
  EXPECT_EQ(placement.seats.at("s1-lb-1").node, "node1");
  EXPECT_EQ(placement.seats.at("s1-lb-2").node, "node2");
  EXPECT_EQ(placement.seats.at("s2-lb-1").node, "node3");
  EXPECT_EQ(placement.seats.at("s2-lb-2").node, "node1");
}

TEST(Placement, PodsOfAClusterWithoutNodesAreRefused) {
  auto cluster = cluster_of(0, 1, 24);
  cluster.services[0].pods.replicas = 6;
  Placement placement;
  try {
    seat_pods(cluster, placement);
    FAIL() << "6 pods were placed on no node";
  } catch (const Unplaceable& refusal) {
    EXPECT_STREQ(refusal.what(), "s1: 6 pods, but there is no node to place them on");
  }
}

TEST(Placement, PodsKeepToTheNodesThatHoldThem) {
  auto cluster = cluster_of(4, 1, 24);
  cluster.nodes[0].holds = cluster.nodes[1].holds = model::Holds::load_balancers;
  cluster.nodes[2].holds = cluster.nodes[3].holds = model::Holds::pods;
  cluster.services[0].pods.replicas = 3;
  cluster.services[0].load_balancers->replicas = 2;
  Placement placement;
  seat_pods(cluster, placement);
  const auto node = [&](const char* pod) { return placement.seats.at(pod).node; };
  EXPECT_EQ(node("s1-1"), "node3");
  EXPECT_EQ(node("s1-2"), "node4");
  EXPECT_EQ(node("s1-3"), "node3");
  EXPECT_EQ(node("s1-lb-1"), "node1");
  EXPECT_EQ(node("s1-lb-2"), "node2");
  EXPECT_EQ(placement.seats.at("s1-1").address.str(), "172.16.3.2") << "prefixes go by all nodes";
  cluster.services[0].load_balancers->replicas = 3;
  EXPECT_THROW(seat_pods(cluster, placement), Unplaceable);
}

}  // namespace
}  // namespace lblab::cluster
