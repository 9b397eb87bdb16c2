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

void write_case(std::ostream& out, const std::string& classname, const std::string& name, const Case& c) {
  fmt::print(out, "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"", attribute(classname),
             attribute(name), seconds(c.seconds));
  if (c.outcome == Outcome::passed) {
    fmt::print(out, "/>\n");
  } else if (c.outcome == Outcome::failed) {
    fmt::print(out, ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n", attribute(c.seen),
               xml("expected: " + c.expected + "\nseen: " + c.seen + "\n" + c.story));
  } else {
    const auto late =
        c.jitter > 0 ? fmt::format(" (this machine was up to {} late)", duration(c.jitter)) : "";
    fmt::print(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
               attribute("inconclusive: " + c.seen + late));
  }
}

void write_property(std::ostream& out, const std::string& name, const std::string& value) {
  fmt::print(out, "      <property name=\"{}\" value=\"{}\"/>\n", attribute(name), attribute(value));
}

void write_properties(std::ostream& out, const expect::Rounds& rounds) {
  fmt::print(out, "    <properties>\n");
  for (const auto& [name, n] : {std::pair{"rounds", rounds.all()},
                                {"passed", rounds.passed},
                                {"failed", rounds.failed},
                                {"inconclusive", rounds.inconclusive},
                                {"not carried out", rounds.troubled}})
    write_property(out, name, std::to_string(n));
  for (const auto* summaries : {&rounds.summaries, &rounds.outages, &rounds.delays})
    for (const auto& summary : *summaries) {
      const auto what = with_line(summary.mark, summary.expected);
      write_property(out, what + " [values]", std::to_string(summary.values.size()));
      write_property(out, what + " [p50]", measure(summary.p50, summary.unit));
      write_property(out, what + " [p99]", measure(summary.p99, summary.unit));
      write_property(out, what + " [max]", measure(summary.max, summary.unit));
    }
  fmt::print(out, "    </properties>\n");
}

void write_rounds(std::ostream& out, const expect::Rounds& rounds) {
  const auto tally = expectations(rounds);
  fmt::print(out,
             "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
             "time=\"0\">\n",
             attribute(rounds.name + " over all rounds"), attribute(rounds.file), tally.all(), tally.failed,
             tally.inconclusive);
  write_properties(out, rounds);
  for (const auto& summary : rounds.summaries)
    if (has_limit(summary))
      write_case(out, rounds.file + ": " + rounds.name + " over all rounds",
                 with_line(summary.mark, summary.expected), case_of(summary));
  std::ostringstream text;
  write_text(text, rounds);
  fmt::print(out, "    <system-out>{}</system-out>\n  </testsuite>\n", xml(text.str()));
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
    fmt::print(
        out_,
        "    <testcase classname=\"{}\" name=\"the scenario is carried out\" time=\"{}\">\n      <error "
        "message=\"{}\">{}</error>\n    </testcase>\n",
        attribute(classname()), seconds(verdict_.seconds), attribute(verdict_.trouble),
        xml(verdict_.trouble));
  }

  std::string classname() const { return verdict_.file + ": " + verdict_.name; }

  void write(const Case& c) { write_case(out_, classname(), name(c), c); }

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
  const auto rounds = expect::over_rounds(verdicts);
  for (const auto& each : rounds) {
    const auto tally = expectations(each);
    all.passed += tally.passed;
    all.failed += tally.failed;
    all.inconclusive += tally.inconclusive;
  }
  fmt::print(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lblab\" tests=\"{}\" "
             "failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">\n",
             all.all(), all.failed, all.troubled, all.inconclusive, seconds(took));
  for (const auto& verdict : verdicts) Suite(out, verdict).write();
  for (const auto& each : rounds) write_rounds(out, each);
  fmt::print(out, "</testsuites>\n");
}

}  // namespace lblab::report
