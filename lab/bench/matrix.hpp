#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/model/cluster.hpp"

/// A bench as the labs that it brings up. Pure.
namespace lblab::bench {

/// One lab of the matrix: a topology of its own, and whom its client asks.
struct Variant {
  model::BenchVariant point;
  std::string text;        // the topology; its name is `lab`
  std::string lab;         // TOPOLOGY-HASH: labs of one name are the same, also of two benches
  std::string client;      // the node that asks
  std::string entry;       // the node that requests come to: its pods have the load balancer, or the service
  model::Address address;  // of the service, or of its first pod
  std::uint16_t port = 80;

  std::string url() const;
};

/// `yaml` is the topology that `cluster` and `bench` are of. Values may be right one by one and wrong
/// together (five load balancers for three nodes): such mistakes are said with the variant's name, and their
/// marks are nowhere in the file.
struct Matrix {
  std::vector<Variant> variants;
  model::Diagnostics diagnostics;
};
Matrix matrix(std::string_view yaml, const model::Cluster& cluster, const model::Bench& bench);

}  // namespace lblab::bench
