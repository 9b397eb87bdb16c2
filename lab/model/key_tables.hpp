#pragma once

#include <vector>

#include "lab/model/keys.hpp"

/// The table of keys, chapter by chapter, in the order of the reference.
namespace lblab::model {

std::vector<Key> topology_keys();  // what a lab is
std::vector<Key> scenario_keys();  // what is done to it, and what must hold
std::vector<Key> bench_keys();     // what is measured of it

}  // namespace lblab::model
