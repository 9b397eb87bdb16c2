#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/cluster.hpp"
#include "lab/model/view.hpp"

namespace lblab::model {

/// The Cluster that a file without mistakes says.
Cluster read_cluster(const View& root);

Scenario read_scenario(const View& scenario, const View& topology);

/// Also of one that is malformed in places: what cannot be read has its default or is left out.
Bench read_bench(const View& bench, const View& services);

/// Nothing if it is not given.
std::optional<Impairment> read_impairment(const View&);

/// The elements of a list.
std::vector<std::string> texts(const View& list);

/// What a process is called: its `name`, or its program's file name.
std::string process_name(const View& process);

/// Whether a node is the gateway of a network whose cloud is gcp: a router that has the gateway's address.
bool is_gateway(const View& node, const View& network);

/// The enumerator whose word the file has; the words are the table's, and stand in the enum's order.
template <class Enum>
Enum choice(const View& view, std::initializer_list<std::string_view> words) {
  int n = 0;
  const auto text = view.as<std::string>();
  for (const auto word : words) {
    if (text == word) break;
    ++n;
  }
  return static_cast<Enum>(n);
}

}  // namespace lblab::model
