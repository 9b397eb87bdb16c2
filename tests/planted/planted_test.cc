#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// The assertions are tested too: every file beside this one is a topology with one bug in it, named in its
/// first line, and a scenario whose expectation must fail, with a story that names the cause (its second
/// line: a regular expression).
namespace lblab {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> topologies() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(fs::path{LBLAB_SOURCE_DIR} / "tests/planted"))
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

std::string cause_of(const fs::path& topology) {
  std::ifstream file{topology};
  const std::string mark = "# Fails: ";
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(mark)) return line.substr(mark.size());
  return "";
}

class Planted : public testing::TestWithParam<fs::path> {};

TEST_P(Planted, BugIsFoundAndNamed) {
  const auto cause = cause_of(GetParam());
  ASSERT_NE(cause, "") << GetParam() << " does not say in a line '# Fails: …' what its story must name";
  const auto json = fs::temp_directory_path() / ("planted-" + GetParam().stem().string() + ".json");
  const auto checked =
      fixtures::run_program({LBLAB_PROGRAM, "check", GetParam(), "--retry", "2", "--json", json});
  ASSERT_EQ(checked.code, 1) << checked.out << checked.err;
  std::string stories;
  const auto report = nlohmann::json::parse(sys::read_file(json));
  for (const auto& scenario : report["scenarios"])
    for (const auto& finding : scenario["findings"])
      if (finding["outcome"] == "failed") {
        stories += finding["seen"].get<std::string>() + "\n";
        for (const auto& line : finding["story"]) stories += line.get<std::string>() + "\n";
      }
  fs::remove(json);
  EXPECT_TRUE(std::regex_search(stories, std::regex{cause})) << cause << "\nis not in\n" << stories;
}

INSTANTIATE_TEST_SUITE_P(InATopology, Planted, testing::ValuesIn(topologies()), [](const auto& info) {
  auto name = info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace lblab
