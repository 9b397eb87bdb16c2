#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/process.hpp"

/// The contention guard: with a CPU hog on every core of the lab's own kernel, what is true may become
/// inconclusive (4), but does not fail (1), and what is false does not pass (0).
namespace lblab {
namespace {

/// Busy for as long as it lives.
class Hogs {
 public:
  Hogs() {
    for (unsigned n = 0; n < std::thread::hardware_concurrency(); ++n)
      hogs_.push_back(sys::spawn({.argv = {"sh", "-c", "while :; do :; done"},
                                  .environment = {std::string{"PATH="} + sys::standard_path},
                                  .die_with_parent = true}));
  }

 private:
  std::vector<sys::Process> hogs_;
};

fixtures::Result checked(const std::string& file, const std::string& scenario) {
  const Hogs hogs;
  return fixtures::run_program({LBLAB_PROGRAM, "check", LBLAB_SOURCE_DIR "/" + file, "--scenario", scenario});
}

class UnderAHogOnEveryCore : public testing::TestWithParam<std::pair<const char*, const char*>> {};
class ATruth : public UnderAHogOnEveryCore {};
class AFalsehood : public UnderAHogOnEveryCore {};

TEST_P(ATruth, NeverFails) {
  const auto result = checked(GetParam().first, GetParam().second);
  EXPECT_TRUE(result.code == 0 || result.code == 4) << result.code << "\n" << result.out << result.err;
}

TEST_P(AFalsehood, NeverPasses) {
  const auto result = checked(GetParam().first, GetParam().second);
  EXPECT_TRUE(result.code == 1 || result.code == 4) << result.code << "\n" << result.out << result.err;
}

std::string named(const testing::TestParamInfo<std::pair<const char*, const char*>>& info) {
  std::string name = info.param.second;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(UnderAHogOnEveryCore, ATruth,
                         testing::Values(std::pair{"topologies/failover.yaml", "killed"},
                                         std::pair{"topologies/failover.yaml", "unplugged"}),
                         named);

INSTANTIATE_TEST_SUITE_P(UnderAHogOnEveryCore, AFalsehood,
                         testing::Values(std::pair{"tests/planted/outage.yaml", "unplugged"},
                                         std::pair{"tests/planted/route.yaml", "all-pods-dead"}),
                         named);

}  // namespace
}  // namespace lblab
