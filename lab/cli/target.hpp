#pragma once

#include <string>
#include <utility>

namespace lblab::cli {

/// "NODE/PROCESS" → {"NODE", "PROCESS"}; "NODE" → {"NODE", ""}, which means all of its processes.
inline std::pair<std::string, std::string> split_target(const std::string& target) {
  const auto slash = target.find('/');
  if (slash == target.npos) return {target, ""};
  return {target.substr(0, slash), target.substr(slash + 1)};
}

}  // namespace lblab::cli
