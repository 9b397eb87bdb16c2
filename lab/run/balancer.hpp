#pragma once

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lab/model/lab.hpp"

namespace lblab::run {

/// Whether an lbd runs there: in a load-balancer pod, or in a node.
bool balances(const model::Host&);

/// Whether what the host balances is in its kernel's IPVS table; otherwise only its lbd can tell.
bool balances_by_ipvs(const model::Host&);

/// What an lbd balances, as its control socket tells: {"dataplane", "services": [{"service", "scheduler",
/// "destinations": [{"address", "forwarding", "weight", "active", "inactive"}]}]}. `socket` is its path here,
/// of any length. Nothing while no lbd answers there.
boost::asio::awaitable<std::optional<nlohmann::json>> told_by_lbd(std::string socket);

}  // namespace lblab::run
