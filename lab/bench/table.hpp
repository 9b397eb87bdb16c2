#pragma once

#include <string>

#include "lab/bench/summary.hpp"

namespace lblab::bench {

/// For people: a row a variant, with its value, its ratio to the baseline, and the papers'.
std::string table(const model::Bench&, const Summary&, const Machine&);

/// For spreadsheets (RFC 4180): a row a run, with the axes' values in columns of their own.
std::string csv(const model::Bench&, const std::map<std::string, Runs>& runs);

/// All of it: the runs, and what they come to.
nlohmann::json json_of(const model::Bench&, const Results&);

}  // namespace lblab::bench
