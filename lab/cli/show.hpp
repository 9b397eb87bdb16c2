#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace lblab::cli {

/// What GET /inspect answered, for a person: the routers' multipath routes, BGP sessions, each load
/// balancer's table, hosts and processes.
std::string show(const nlohmann::json& inspected);

}  // namespace lblab::cli
