#include <fmt/format.h>

#include <algorithm>

#include "lab/model/check.hpp"
#include "lab/model/cluster.hpp"
#include "lab/model/read.hpp"

namespace lblab::model {
namespace {

class Clouds {
 public:
  Clouds(const View& topology, Diagnostics& out) : networks_(topology["networks"]), out_(out) {
    for (const View& network : networks_.each())
      if (network["cloud"].ok()) check_network(network);
    for (const View& node : topology["nodes"].each()) {
      for (const View& on : node["interfaces"].each()) check_interface(node, on);
      check_gateway(node, topology["nodes"]);
      check_agent(node);
    }
  }

 private:
  void report(Mark mark, std::string wrong, std::string right) {
    out_.push_back({mark, std::move(wrong), std::move(right)});
  }

  static bool is_aws(const View& network) { return network["cloud"].as<std::string>() == "aws"; }

  void check_network(const View& network) {
    const View subnet = network["subnet"], parts = network["subnets"];
    if (subnet.ok() && subnet.as<Prefix>().address.bits() != 32)
      return report(subnet.mark(), "an IPv6 cloud is not built yet", "IPv4 is, as 10.0.0.0/16");
    if (is_aws(network) && !parts.given())
      return report(network["cloud"].mark(), fmt::format("network '{}' has no subnets", network.name()),
                    "add subnets: [10.0.1.0/24, 10.0.2.0/24]");
    if (!is_aws(network) && parts.given())
      return report(parts.name_mark(), "subnets of a network whose cloud is gcp",
                    "leave them out: each host is alone with the gateway");
    std::vector<Prefix> seen;
    for (const View& part : parts.each())
      if (part.ok() && subnet.ok()) check_part(part, subnet.as<Prefix>(), seen);
  }

  void check_part(const View& part, const Prefix& whole, std::vector<Prefix>& seen) {
    const auto prefix = part.as<Prefix>();
    const int longest = prefix.address.bits() - 2;
    if (!whole.contains(prefix))
      report(part.mark(), fmt::format("{} is no part of {}", prefix.str(), whole.str()),
             "write a part of the network's subnet");
    else if (prefix.length > longest)
      report(part.mark(), fmt::format("{} has no room for a gateway and hosts", prefix.str()),
             fmt::format("write a /{} or shorter", longest));
    else if (std::ranges::any_of(seen, [&](const Prefix& other) { return other.overlaps(prefix); }))
      report(part.mark(), fmt::format("{} overlaps another of the subnets", prefix.str()), "keep them apart");
    seen.push_back(prefix);
  }

  void check_interface(const View& node, const View& on) {
    const View network = networks_.at(on.name()), given = on["address"], subnet = network["subnet"];
    if (!network["cloud"].ok() || !given.ok() || !subnet.ok()) return;
    const auto address = given.as<Address>();
    if (!subnet.as<Prefix>().contains(address)) return;  // reported already
    std::vector<Prefix> segments{subnet.as<Prefix>()};
    if (is_aws(network)) {
      segments.clear();
      for (const View& part : network["subnets"].each())
        if (part.ok()) segments.push_back(part.as<Prefix>());
    }
    const auto own =
        std::ranges::find_if(segments, [&](const Prefix& segment) { return segment.contains(address); });
    if (own == segments.end()) {
      if (!segments.empty())
        report(given.mark(), fmt::format("{} is on none of the subnets of '{}'", address.str(), on.name()),
               fmt::format("choose one of {}, or add a subnet", segments.front().str()));
    } else if (is_gateway(node, network)) {
      if (const View impaired = on["impair"]; impaired.given())
        report(impaired.name_mark(),
               fmt::format("'{}' has a link to each host of '{}'", node.name(), on.name()),
               "impair the other ends");
    } else if (address == own->network().address + 1) {
      report(given.mark(), fmt::format("{} is the address of the gateway of '{}'", address.str(), on.name()),
             fmt::format("choose one from {} on{}", (own->network().address + 2).str(),
                         is_aws(network) ? "" : ", or make it a router, which is the gateway then"));
    } else if (is_aws(network) && address == own->network().address) {
      report(given.mark(), fmt::format("{} is the address of {} itself", address.str(), own->str()),
             fmt::format("choose one from {} on", (own->network().address + 2).str()));
    }
  }

  /// Two hosts of a cloud's network are no neighbours.
  void check_gateway(const View& node, const View& nodes) {
    const View gateway = node["gateway"];
    if (!gateway.ok()) return;
    const View other = nodes.at(gateway.as<std::string>());
    if (!other.given() || other.name() == node.name()) return;
    std::string cloud;
    for (const View& on : node["interfaces"].each()) {
      if (!other["interfaces"].at(on.name()).given()) continue;
      const View network = networks_.at(on.name());
      if (!network["cloud"].given() || is_gateway(other, network)) return;
      cloud = on.name();
    }
    if (!cloud.empty())
      report(gateway.mark(),
             fmt::format("'{}' is no neighbour of node '{}' on '{}', which is like a cloud's", other.name(),
                         node.name(), cloud),
             fmt::format("leave it out: {} is the default route", gateway_name(cloud)));
  }

  /// bird takes sessions under one address only, and resolves no next hop by routes that it did not make.
  void check_agent(const View& node) {
    const View agent = node["bgp"]["agent"];
    if (!agent.ok() || agent.as<std::string>() != "bird") return;
    for (const View& on : node["interfaces"].each()) {
      const View network = networks_.at(on.name());
      if (network["cloud"].given() &&
          (is_gateway(node, network) || node["role"].as<std::string>() == "route-reflector"))
        report(agent.mark(),
               fmt::format("bird in '{}', which is like a cloud's, is not built yet", on.name()),
               "gobgp is: write agent: gobgp");
    }
  }

  View networks_;
  Diagnostics& out_;
};

}  // namespace

void check_clouds(const View& topology, Diagnostics& out) { Clouds(topology, out); }

}  // namespace lblab::model
