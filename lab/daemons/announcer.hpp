#pragma once

#include <string>
#include <vector>

#include "lab/daemons/bgp.hpp"
#include "lab/model/cluster.hpp"

namespace lblab::daemons {

/// What announces lbd's routes: the agent and, unless the agent starts it by itself, lbd-announce beside it.
std::vector<Program> announcer(model::Announcer, const BgpAnnouncer&);

/// Which of these processes takes lbd's routes.
std::string taker_of_routes(model::Announcer);

}  // namespace lblab::daemons
