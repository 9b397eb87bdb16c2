#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

/// Files that a person has looked at, under tests/unit/data. With UPDATE_GOLDEN=1 in the environment a test
/// writes what it got, and fails all the same: look at the change, then run it again.
namespace lblab::test {

inline std::string read_file(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline std::string topology(const std::string& name) {
  return read_file(std::filesystem::path(LBLAB_SOURCE_DIR) / "topologies" / name);
}

inline void expect_golden(const std::string& name, const std::string& actual) {
  const auto path = std::filesystem::path(LBLAB_SOURCE_DIR) / "tests/unit/data" / name;
  if (std::getenv("UPDATE_GOLDEN")) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << actual;
    ADD_FAILURE() << "wrote " << path;
  }
  EXPECT_EQ(read_file(path), actual) << "differs from " << path;
}

}  // namespace lblab::test
