#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/report/json.hpp"
#include "report_oracle.hpp"
#include "report_sample.hpp"

namespace lblab {
namespace {

using expect::ScenarioVerdict;

std::string json_of(const std::vector<ScenarioVerdict>& verdicts) {
  std::ostringstream out;
  report::write_json(out, verdicts);
  return out.str();
}

TEST(ReportJson, HoldsEveryScenarioWhole) {
  const auto document = nlohmann::json::parse(json_of({test::failover(), test::repeats()}));
  ASSERT_EQ(document.at("scenarios").size(), 2U);
  const auto read = expect::scenario_verdict(document.at("scenarios").at(0));
  EXPECT_EQ(expect::to_json(read), expect::to_json(test::failover()));
}

TEST(ReportJson, IsReadByOthersWhateverItHolds) {
  const auto read = test::python("print(json.dumps(json.loads(text.decode('utf-8'))))",
                                 json_of({test::hostile(), test::single(), test::impossible(), {}}));
  EXPECT_EQ(read.at("scenarios").size(), 4U);
}

TEST(ReportJson, OfNothingIsAnEmptyList) {
  EXPECT_EQ(nlohmann::json::parse(json_of({})), nlohmann::json::parse(R"({"scenarios": []})"));
}

}  // namespace
}  // namespace lblab
