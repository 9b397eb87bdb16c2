#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "fixtures/lab_under_test.hpp"

namespace lblab {

/// Fetches a page so often from `client`, a connection each; the bodies, as far as they arrived.
inline std::vector<std::string> fetch(const fixtures::LabUnderTest& lab, int count,
                                      const std::string& url = "http://10.1.1.1/") {
  std::vector<std::string> argv{"curl", "-sS", "--max-time", "20", "-H", "Connection: close", "-w", "\\n"};
  argv.insert(argv.end(), static_cast<size_t>(count), url);
  std::vector<std::string> bodies;
  std::istringstream lines{lab.in("client", argv).out};
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) bodies.push_back(line);
  return bodies;
}

}  // namespace lblab
