#include <gmock/gmock.h>

#include <sstream>

#include "golden.hpp"
#include "lab/report/paper.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/text.hpp"
#include "lab/report/words.hpp"
#include "report_sample.hpp"

namespace lblab {
namespace {

using expect::Outcome;
using expect::ScenarioVerdict;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::vector<ScenarioVerdict>& verdicts, report::Style style = {}) {
  std::ostringstream out;
  report::write_text(out, verdicts, style);
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(ReportText, TellsEveryScenarioAsAPersonHasReadIt) {
  test::expect_golden("report/text.txt", text_of({test::failover(), test::inconclusive(), test::troubled()}));
}

TEST(ReportText, StaysWithinTheTerminal) {
  for (const int width : {60, 64, 100, 200})
    for (const auto& line : lines_of(text_of({test::failover(), test::repeats()}, {.width = width})))
      EXPECT_LE(report::columns(line), width) << line;
}

TEST(ReportText, SendsNoControlCharacterOfAnybodyElse) {
  const auto text = text_of({test::hostile(), test::single(), test::impossible()});
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << int{c};
  EXPECT_THAT(text, HasSubstr("␛[31mred␇"));
}

TEST(ReportText, ColoursEndWhereTheyBegan) {
  const auto text = text_of({test::failover()}, {.colour = true});
  EXPECT_THAT(text, HasSubstr("\033[31m✗ failed\033[0m"));
  for (const auto& line : lines_of(text)) {
    const auto begun = line.rfind("\033[");
    if (begun != std::string::npos) {
      EXPECT_EQ(line.substr(begun, 4), "\033[0m") << line;
    }
  }
}

TEST(ReportText, EndsWithTheTally) {
  EXPECT_EQ(lines_of(text_of({})).back(), "? no scenario was run");
  EXPECT_EQ(lines_of(text_of({test::single()})).back(), "✓ 1 scenario passed; 1 expectation held");
  EXPECT_EQ(
      lines_of(text_of({test::failover(), test::repeats(), test::inconclusive(), test::troubled()})).back(),
      "✗ 1 of 4 scenarios failed, 1 is inconclusive, 1 could not be carried out; 36 of 39 expectations held");
  EXPECT_EQ(lines_of(text_of({test::troubled()})).back(),
            "! 1 of 1 scenario could not be carried out; there were no expectations");
}

TEST(ReportText, PutsTheFailureBeforeTheStory) {
  const auto text = text_of({test::failover()});
  EXPECT_LT(text.find("What failed"), text.find("The story"));
  EXPECT_LT(text.find("582 of 2040 failed"), text.find("The story"));
  EXPECT_THAT(text_of({test::repeats()}), Not(HasSubstr("What failed")));
}

TEST(ReportText, ASummaryThatFailedIsAFailure) {
  auto verdict = test::repeats();
  verdict.outcome = verdict.summaries.at(0).outcome = Outcome::failed;
  const auto text = text_of({verdict});
  EXPECT_LT(text.find("What failed"), text.find("p99 977 ms, allowed 2 s"));
  EXPECT_LT(text.find("p99 977 ms, allowed 2 s"), text.find("The story"));
}

TEST(ReportWords, GiveALengthOfTimeItsUnit) {
  using report::duration;
  EXPECT_EQ(duration(0), "0 s");
  EXPECT_EQ(duration(0.000213), "213 µs");
  EXPECT_EQ(duration(0.0213), "21.3 ms");
  EXPECT_EQ(duration(0.99951), "1.00 s");
  EXPECT_EQ(duration(1.9), "1.90 s");
  EXPECT_EQ(duration(72000), "72000 s");
  EXPECT_EQ(duration(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(duration(std::numeric_limits<double>::infinity()), "–");
}

TEST(ReportWords, MakeAnyBytesFitForXml) {
  EXPECT_EQ(report::xml("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(report::clean("ünï → ✓ 🖧"), "ünï → ✓ 🖧");
  EXPECT_EQ(report::clean("\xff\xc3"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(report::clean(std::string("\0\x7f", 2)), "␀␡");
  EXPECT_EQ(report::clean("\xef\xbf\xbe"), "\xEF\xBF\xBD") << "U+FFFE is no character of XML 1.0";
}

}  // namespace
}  // namespace lblab
