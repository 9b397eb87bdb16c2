#pragma once

#include <string>

#include "lab/model/cluster.hpp"

/// What lbd's configuration says of IPVS alone. Empty where the topology says nothing of it.
namespace lblab::daemons::lbd {

/// Lines of the configuration: for all services.
std::string ipvs_lines(const model::LoadBalancers&);
/// Lines of one service.
std::string ipvs_service_lines(const model::LoadBalancers&, bool is_udp);

}  // namespace lblab::daemons::lbd
