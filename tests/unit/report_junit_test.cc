#include <gmock/gmock.h>

#include <sstream>

#include "lab/report/junit.hpp"
#include "report_oracle.hpp"
#include "report_sample.hpp"

namespace lblab {
namespace {

using expect::ScenarioVerdict;
using testing::HasSubstr;
using testing::StartsWith;

/// The document as python's XML parser reads it: {tag, attributes, text, children}.
nlohmann::json read_back(const std::vector<ScenarioVerdict>& verdicts) {
  std::ostringstream out;
  report::write_junit(out, verdicts);
  return test::python(R"(
import xml.etree.ElementTree as tree
def values(e): return dict(tag=e.tag, attributes=e.attrib, text=e.text or "", children=[values(c) for c in e])
print(json.dumps(values(tree.fromstring(text)))))",
                      out.str());
}

std::vector<nlohmann::json> all(const nlohmann::json& element, const std::string& tag) {
  std::vector<nlohmann::json> found;
  for (const auto& child : element.at("children"))
    if (child.at("tag") == tag) found.push_back(child);
  return found;
}

std::string value(const nlohmann::json& element, const char* attribute) {
  return element.at("attributes").at(attribute);
}

TEST(ReportJunit, HasASuiteForEachScenarioAndACaseForEachExpectation) {
  const auto suites = all(read_back({test::failover(), test::repeats()}), "testsuite");
  ASSERT_EQ(suites.size(), 2U);
  EXPECT_EQ(value(suites[0], "name"), "failover");
  EXPECT_EQ(value(suites[0], "tests"), "7");
  EXPECT_EQ(value(suites[0], "failures"), "1");
  EXPECT_EQ(value(suites[0], "skipped"), "1");
  EXPECT_EQ(value(suites[0], "errors"), "0");
  EXPECT_EQ(all(suites[0], "testcase").size(), 7U);
  EXPECT_EQ(value(all(suites[0], "testcase")[1], "name"),
            "line 33: router: 10.1.1.0/24 via node1, node3 within 1 s");
  EXPECT_EQ(value(all(suites[0], "testcase")[1], "time"), "0.213000");
  EXPECT_EQ(all(suites[1], "testcase").size(), 31U) << "thirty repeats, and their p99";
}

TEST(ReportJunit, NamesEveryRepeatOfALine) {
  std::set<std::string> names;
  for (const auto& each : all(all(read_back({test::repeats()}), "testsuite").at(0), "testcase"))
    names.insert(value(each, "name"));
  EXPECT_EQ(names.size(), 31U);
}

TEST(ReportJunit, AFailureTellsItsStory) {
  const auto failed = all(all(read_back({test::failover()}), "testsuite").at(0), "testcase").at(4);
  const auto failure = all(failed, "failure").at(0);
  EXPECT_EQ(value(failure, "message"), "582 of 2040 failed: 41 reset, 541 timed out");
  EXPECT_THAT(failure.at("text").get<std::string>(), HasSubstr("hold time of 9 s is over"));
}

TEST(ReportJunit, WhatCouldNotBeToldIsSkipped) {
  const auto suite = all(read_back({test::inconclusive()}), "testsuite").at(0);
  const auto unsure = all(suite, "testcase").at(0);
  EXPECT_EQ(value(all(unsure, "skipped").at(0), "message"),
            "inconclusive: at most 412 ms (this machine was up to 213 ms late)");
  EXPECT_EQ(value(suite, "failures"), "0");
}

TEST(ReportJunit, AScenarioThatWasNotCarriedOutIsAnError) {
  const auto suite = all(read_back({test::troubled()}), "testsuite").at(0);
  EXPECT_EQ(value(suite, "tests"), "1");
  EXPECT_EQ(value(suite, "errors"), "1");
  EXPECT_THAT(value(all(all(suite, "testcase").at(0), "error").at(0), "message"), StartsWith("start exabgp"));
}

TEST(ReportJunit, AnyTextComesBackAsItWas) {
  const auto suite = all(read_back({test::hostile()}), "testsuite").at(0);
  EXPECT_THAT(value(suite, "name"),
              StartsWith("<script>alert(\"1\")</script> & 'ünïcode' → ✓ ]]> ␛[31mred␇"));
  EXPECT_EQ(value(all(all(suite, "properties").at(0), "property").at(0), "value"), "18446744073709551615");
}

TEST(ReportJunit, EmptyAndImpossibleVerdictsAreValidToo) {
  EXPECT_TRUE(all(read_back({}), "testsuite").empty());
  EXPECT_EQ(all(read_back({{}, test::single(), test::impossible()}), "testsuite").size(), 3U);
}

}  // namespace
}  // namespace lblab
