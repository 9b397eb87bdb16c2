#pragma once

#include <string>
#include <vector>

namespace lblab::guest {

/// Runs a program with the caller's environment and waits. What it writes, both streams, goes to the caller's
/// standard error. Throws std::runtime_error with the command line when it does not end with status 0.
void run_tool(const std::vector<std::string>& argv, const std::string& directory = "/");

/// The same, but returns what it wrote to its standard output.
std::string output_of(const std::vector<std::string>& argv);

/// The caller's environment as spawn() takes it, with a PATH that has the folders of system programs.
std::vector<std::string> environment();

/// PATH of environment(), to look programs up on.
std::string program_path();

}  // namespace lblab::guest
