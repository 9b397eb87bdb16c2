#include "lab/report/junit.hpp"

#include <fmt/core.h>
#include <fmt/ostream.h>

#include <cmath>
#include <map>
#include <sstream>

#include "lab/report/story.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/text.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::Outcome;
using expect::ScenarioVerdict;

namespace {

/// A line feed in an attribute would be read back as a space.
std::string attribute(std::string_view text) { return xml(one_line(text)); }

std::string seconds(double value) { return fmt::format("{:.6f}", std::isfinite(value) ? value : 0.0); }

/// What a testcase is made of: a finding, or a summary with a limit.
struct Case {
  Outcome outcome;
  model::Mark mark;
  std::string expected, seen, story;
  double seconds = 0, jitter = 0;
};

Case case_of(const expect::Finding& finding) {
  std::string story;
  for (const auto& part : finding.story) story += part + "\n";
  return {finding.outcome,           finding.mark,  finding.expected, finding.seen, story,
          finding.to - finding.from, finding.jitter};
}

Case case_of(const expect::Summary& summary) {
  return {summary.outcome, summary.mark, summary.expected + " (over all repeats)", summary.seen,
          measured(summary) + "\n"};
}

class Suite {
 public:
  Suite(std::ostream& out, const ScenarioVerdict& verdict) : out_(out), verdict_(verdict) {}

  void write() {
    const auto tally = expectations(verdict_);
    const int errors = verdict_.trouble.empty() ? 0 : 1;
    fmt::print(out_,
               "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
               "skipped=\"{}\" time=\"{}\">\n",
               attribute(verdict_.name), attribute(verdict_.file), tally.all() + errors, tally.failed, errors,
               tally.inconclusive, seconds(verdict_.seconds));
    fmt::print(out_, "    <properties><property name=\"seed\" value=\"{}\"/></properties>\n", verdict_.seed);
    if (errors) write_trouble();
    for (const auto& finding : verdict_.findings) write(case_of(finding));
    for (const auto& summary : verdict_.summaries)
      if (has_limit(summary)) write(case_of(summary));
    std::ostringstream story;
    write_text(story, verdict_);
    fmt::print(out_, "    <system-out>{}</system-out>\n  </testsuite>\n", xml(story.str()));
  }

 private:
  void write_trouble() {
    open("the scenario is carried out", verdict_.seconds);
    fmt::print(out_, ">\n      <error message=\"{}\">{}</error>\n    </testcase>\n",
               attribute(verdict_.trouble), xml(verdict_.trouble));
  }

  void open(const std::string& name, double took) {
    fmt::print(out_, "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
               attribute(verdict_.file + ": " + verdict_.name), attribute(name), seconds(took));
  }

  void write(const Case& c) {
    open(name(c), c.seconds);
    if (c.outcome == Outcome::passed) {
      fmt::print(out_, "/>\n");
    } else if (c.outcome == Outcome::failed) {
      fmt::print(out_, ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n", attribute(c.seen),
                 xml("expected: " + c.expected + "\nseen: " + c.seen + "\n" + c.story));
    } else {
      const auto late =
          c.jitter > 0 ? fmt::format(" (this machine was up to {} late)", duration(c.jitter)) : "";
      fmt::print(out_, ">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                 attribute("inconclusive: " + c.seen + late));
    }
  }

  /// Whoever compares two runs knows a testcase by its name: the same line judged again is numbered.
  std::string name(const Case& c) {
    const auto name = with_line(c.mark, c.expected);
    const int times = ++seen_[name];
    return times == 1 ? name : fmt::format("{} [{}]", name, times);
  }

  std::ostream& out_;
  const ScenarioVerdict& verdict_;
  std::map<std::string, int> seen_;
};

}  // namespace

void write_junit(std::ostream& out, std::span<const ScenarioVerdict> verdicts) {
  Tally all;
  double took = 0;
  for (const auto& verdict : verdicts) {
    const auto tally = expectations(verdict);
    all.passed += tally.passed;
    all.failed += tally.failed;
    all.inconclusive += tally.inconclusive;
    all.troubled += verdict.trouble.empty() ? 0 : 1;
    took += std::isfinite(verdict.seconds) ? verdict.seconds : 0;
  }
  fmt::print(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lblab\" tests=\"{}\" "
             "failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">\n",
             all.all(), all.failed, all.troubled, all.inconclusive, seconds(took));
  for (const auto& verdict : verdicts) Suite(out, verdict).write();
  fmt::print(out, "</testsuites>\n");
}

}  // namespace lblab::report
