#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lbcore::dataplane {

/// Runs a program to its end with this input, and returns its standard output. Throws SystemError, with the
/// first line of its standard error, unless it exits with 0. SIGPIPE must be ignored.
std::string output_of(const std::vector<std::string>& argv, std::string_view input = "");

}  // namespace lbcore::dataplane
