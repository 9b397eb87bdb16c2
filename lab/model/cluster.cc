#include "lab/model/cluster.hpp"

#include <algorithm>

namespace lblab::model {
namespace {

template <class T>
const T* named(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const Node* Cluster::node(const std::string& name) const { return named(nodes, name); }
const Service* Cluster::service(const std::string& name) const { return named(services, name); }

const char* word(BgpAgent agent) {
  switch (agent) {
    case BgpAgent::gobgp:
      return "gobgp";
    case BgpAgent::frr:
      return "frr";
    case BgpAgent::bird:
      return "bird";
  }
  return "";
}

std::string gateway_name(const std::string& network) { return network + "-gateway"; }

}  // namespace lblab::model
