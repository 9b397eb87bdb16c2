#pragma once

#include <string>
#include <vector>

#include "lab/model/cluster.hpp"
#include "lab/report/svg.hpp"

/// The boxes of a topology's picture: what stands in each, and so how large it is.
namespace lblab::report {

struct PodBox {
  std::string name, address;
  bool is_balancer = false;
};

struct HostBox {
  const model::Node* node = nullptr;
  std::string role;                    // in words
  std::vector<std::string> addresses;  // a line an interface
  std::string remark;                  // BGP
  std::string pod_prefix;              // nodes
  std::vector<PodBox> pods;
  Box box;                        // x and y are the layout's
  std::vector<std::size_t> nets;  // positions of its networks, ascending, each once
};

namespace size {
constexpr double name = 14, text = 12;  // fonts
constexpr double line = 17, padding = 12, pod = 24, gap = 26;
}  // namespace size

/// In the order of the file, each with its size. Throws cluster::Unplaceable as expand() does.
std::vector<HostBox> host_boxes(const model::Cluster&);

/// At (x, y) of the box, with what it holds.
void draw(const HostBox&, Svg&);

}  // namespace lblab::report
