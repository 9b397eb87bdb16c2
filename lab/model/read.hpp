#pragma once

#include "lab/model/cluster.hpp"
#include "lab/model/view.hpp"

namespace lblab::model {

/// The Cluster that a file without mistakes says.
Cluster read_cluster(const View& root);

/// What a process is called: its `name`, or its program's file name.
std::string process_name(const View& process);

}  // namespace lblab::model
