#include <gmock/gmock.h>

#include <sstream>

#include "lab/report/html.hpp"
#include "lab/report/json.hpp"
#include "lab/report/junit.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/text.hpp"
#include "report_oracle.hpp"
#include "report_sample.hpp"

/// What each report says of a scenario that was carried out again and again.
namespace lblab {
namespace {

using expect::Outcome;
using expect::ScenarioVerdict;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// One outage each, of which 200 ms are allowed to the p99 of all.
ScenarioVerdict round_with(double outage) {
  ScenarioVerdict v{.file = "a.yaml", .name = "lost", .seconds = 2};
  v.steps = {{.at = 1, .text = "kill a", .mark = {4, 5}}};
  v.findings = {{.outcome = Outcome::passed,
                 .expected = "outage at most 1 s, p99 at most 200 ms",
                 .seen = "so long",
                 .measured = outage,
                 .unit = "s",
                 .mark = {5, 5}}};
  v.summaries = {{.expected = v.findings[0].expected, .unit = "s", .values = {outage}, .mark = {5, 5}}};
  v.summaries[0].limit = 0.2;
  v.outages = {{.fault = "kill a", .from = 1, .to = 1 + outage, .lost = 3, .flows = 1, .mark = {4, 5}}};
  v.outages[0].causes = {{"fault", 1, 0, "a"}, {"route changed", 1.05, 0.05, "router"}};
  return v;
}

template <class Write>
std::string written(const Write& write, const std::vector<ScenarioVerdict>& verdicts) {
  std::ostringstream out;
  write(out, verdicts);
  return out.str();
}

const auto text = [](std::ostream& out, const auto& verdicts) { report::write_text(out, verdicts, {}); };
const auto html = [](std::ostream& out, const auto& verdicts) { report::write_html(out, verdicts, ""); };

TEST(ReportRounds, TheTextHasTheTallyAndThePercentiles) {
  const auto said = written(text, {round_with(0.1), round_with(0.15), round_with(0.12)});
  EXPECT_THAT(said, AllOf(HasSubstr("lost over 3 rounds: 3 passed"),
                          HasSubstr("3 values measured: p50 120 ms, p99 150 ms, max 150 ms"),
                          HasSubstr("line 4: outage after kill a"), HasSubstr("route changed after kill a")));
  EXPECT_THAT(written(text, {round_with(0.1)}), Not(HasSubstr("rounds")));
}

TEST(ReportRounds, ALimitThatIsMissedOverAllRoundsIsAFailureOfTheWhole) {
  const std::vector verdicts{round_with(0.1), round_with(0.3)};
  EXPECT_EQ(report::outcome_of(verdicts), Outcome::failed);
  EXPECT_EQ(report::verdict_line(verdicts),
            "✗ 2 scenarios passed, but not what is judged over all rounds; 2 of 3 expectations held");
  EXPECT_THAT(written(text, verdicts), HasSubstr("✗ line 5: outage at most 1 s, p99 at most 200 ms"));
  EXPECT_EQ(report::outcome_of(std::vector{round_with(0.1), round_with(0.2)}), Outcome::passed);
}

TEST(ReportRounds, JunitHasThemAsPropertiesOfASuite) {
  const auto found = test::python(R"(
import xml.etree.ElementTree as tree
root = tree.fromstring(text)
suite = root.findall('testsuite')[-1]
print(json.dumps(dict(name=suite.get('name'), tests=suite.get('tests'), failures=suite.get('failures'),
    all=root.get('failures'), failed=len(suite.findall('testcase/failure')),
    properties={p.get('name'): p.get('value') for p in suite.findall('properties/property')}))))",
                                  written(report::write_junit, {round_with(0.1), round_with(0.3)}));
  EXPECT_EQ(found.at("name"), "lost over all rounds");
  EXPECT_EQ(found.at("tests"), "1");
  EXPECT_EQ(found.at("failures"), "1");
  EXPECT_EQ(found.at("all"), "1");
  EXPECT_EQ(found.at("failed"), 1);
  const auto& properties = found.at("properties");
  EXPECT_EQ(properties.at("rounds"), "2");
  EXPECT_EQ(properties.at("passed"), "2");
  EXPECT_EQ(properties.at("line 4: outage after kill a [p50]"), "100 ms");
  EXPECT_EQ(properties.at("line 4: outage after kill a [max]"), "300 ms");
  EXPECT_EQ(properties.at("line 4: route changed after kill a [p99]"), "50.0 ms");
}

TEST(ReportRounds, JsonHasThemBesideTheScenarios) {
  const auto write = [](std::ostream& out, const auto& verdicts) { report::write_json(out, verdicts); };
  const auto document = nlohmann::json::parse(written(write, {round_with(0.1), round_with(0.3)}));
  EXPECT_EQ(document.at("scenarios").size(), 2U);
  const auto& rounds = document.at("rounds").at(0);
  EXPECT_EQ(rounds.at("passed"), 2);
  EXPECT_EQ(rounds.at("outcome"), "failed");
  EXPECT_NEAR(rounds.at("outages").at(0).at("max").get<double>(), 0.3, 1e-9);
}

TEST(ReportRounds, ThePageHasATableOfThem) {
  const auto page = written(html, {round_with(0.1), round_with(0.3)});
  EXPECT_THAT(page, AllOf(HasSubstr("lost over all rounds"), HasSubstr("2 rounds: 2 passed"),
                          HasSubstr("outage after kill a"), HasSubstr("<header class=\"verdict failed\">")));
  EXPECT_THAT(written(html, {round_with(0.1)}), Not(HasSubstr("over all rounds")));
}

}  // namespace
}  // namespace lblab
