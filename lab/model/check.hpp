#pragma once

#include "lab/model/diagnostic.hpp"
#include "lab/model/view.hpp"

/// What can be wrong with a topology. Each check adds all that it finds. A value that is malformed in itself
/// is reported by check_shape() and passed over by the others, so that one mistake is one message. All take
/// time in proportion to the file, give or take a logarithm: the file may be hostile.
namespace lblab::model {

/// Unknown keys, missing keys, values that are not what the table of keys says.
void check_shape(const Yaml& root, Diagnostics&);

/// Names that the lab gives itself, or that two things would have: pods, interfaces, processes.
void check_names(const View& topology, Diagnostics&);

/// Networks, nodes and next hops that are spoken of and do not exist, or cannot be reached from there.
void check_references(const View& topology, Diagnostics&);

/// Subnets that overlap, addresses given twice or that lie where they cannot.
void check_addresses(const View& topology, Diagnostics&);

/// What a cloud's network lacks or cannot have: segments, and addresses that are not its gateway's.
void check_clouds(const View& topology, Diagnostics&);

/// What routers, reflectors, the overlay and services need of each other, and whether the pods have room.
void check_cluster(const View& topology, Diagnostics&);

/// What scenarios speak of and is not there, what is done in vain, and what could not be judged.
void check_scenarios(const View& topology, Diagnostics&);

/// What benches vary and there is not, values that cannot be, and figures of nothing.
void check_benches(const View& topology, Diagnostics&);

}  // namespace lblab::model
