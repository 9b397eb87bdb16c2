#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/bench/results.hpp"
#include "lab/model/bench.hpp"

namespace lblab::bench {

/// Of each bench that has results, into the folder: STEM.txt, STEM.json, STEM.csv, and STEM-MEASURE.svg where
/// there is gnuplot. Gives the tables. Throws sys::SystemError, and what report::plotted() throws.
std::string write_all(const std::vector<model::Bench>&, const Results&, const std::filesystem::path& folder);

}  // namespace lblab::bench
