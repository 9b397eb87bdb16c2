#pragma once

#include <string>

#include "lab/model/cluster.hpp"

namespace lblab::cli {

/// What came up, for a person: GET /inspect as text, and twelve answers fetched by each client from the first
/// address of each service, with the pod that gave each. Throws Failure (lab_fault) if an answer is missing.
std::string first_look(const std::string& lab, const model::Cluster& cluster);

}  // namespace lblab::cli
