#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// What tests of topologies/ecmp.yaml with other load balancers share.
namespace lblab::kinds {

inline constexpr const char* web = "10.1.1.0/24";
inline constexpr std::chrono::seconds long_enough{60};

/// A copy with these words in the place of others.
class Changed {
 public:
  Changed(const std::string& words, const std::string& with)
      : file_(std::filesystem::temp_directory_path() / ("ecmp-" + std::to_string(::getpid()) + ".yaml")) {
    auto text = sys::read_file(LBLAB_SOURCE_DIR "/topologies/ecmp.yaml");
    text.replace(text.find(words), words.size(), with);
    sys::write_file(file_, text);
  }
  ~Changed() { std::filesystem::remove(file_); }
  Changed(const Changed&) = delete;

  const std::string& file() const { return file_; }

 private:
  std::string file_;
};

/// Waits until every load balancer has taken in every pod: whose checks pass first is chance.
inline bool all_serve(fixtures::LabUnderTest& lab) {
  std::map<std::string, std::set<std::string>> added;  // by host
  const auto all_have = [&](const nlohmann::json& e) {
    if (e["event"] != "table") return false;
    for (const std::string change : e["changes"])
      if (change.starts_with("add destination")) added[e["host"]].insert(change);
    return added.size() == 3 &&
           std::ranges::all_of(added, [](const auto& of_host) { return of_host.second.size() == 6; });
  };
  return lab.event(0, all_have, long_enough).has_value();
}

/// Who answered so many connections, one after another; one without an answer fails the test.
inline std::map<std::string, long> ask(const fixtures::LabUnderTest& lab, int count) {
  std::vector<std::string> argv{"curl", "-sS", "--max-time", "10", "-H", "Connection: close", "-w", "\\n"};
  argv.insert(argv.end(), static_cast<size_t>(count), "http://10.1.1.1/");
  const auto fetched = lab.in("client", argv);
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  std::map<std::string, long> by_pod;
  std::istringstream lines{fetched.out};
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) ++by_pod[line];
  return by_pod;
}

}  // namespace lblab::kinds
