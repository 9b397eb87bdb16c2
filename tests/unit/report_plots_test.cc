#include <gmock/gmock.h>

#include <numeric>

#include "lab/report/gnuplot.hpp"
#include "lab/report/plots.hpp"
#include "report_sample.hpp"

namespace lblab {
namespace {

using expect::ScenarioVerdict;
using testing::HasSubstr;
using testing::Not;

int counted(const report::Histogram& histogram) {
  int all = 0;
  for (const auto& bar : histogram.bars) all += bar.count;
  return all;
}

TEST(ReportHistogram, HasRoundBordersAndCountsEachValueOnce) {
  const std::vector<double> values{0.21, 0.25, 0.3, 0.3, 0.45};
  const auto bars = report::histogram(values);
  EXPECT_FALSE(bars.logarithmic);
  EXPECT_EQ(counted(bars), 5);
  for (const auto& bar : bars.bars) EXPECT_NEAR(bar.to - bar.from, 0.01, 1e-12) << "0.24 over 24 bars";
}

TEST(ReportHistogram, OfOneValueTwiceIsOneBar) {
  const std::vector<double> values{3, 3};
  const auto bars = report::histogram(values);
  EXPECT_EQ(counted(bars), 2);
  EXPECT_EQ(std::ranges::count_if(bars.bars, [](const auto& bar) { return bar.count > 0; }), 1);
  const std::vector<double> zeros{0, 0, 0};
  EXPECT_EQ(counted(report::histogram(zeros)), 3);
}

TEST(ReportHistogram, IsOfLogarithmsWhereValuesSpanMuch) {
  const std::vector<double> values{0.2, 0.3, 0.4}, marks{1.9, 9.9};
  const auto bars = report::histogram(values, marks);
  EXPECT_TRUE(bars.logarithmic);
  EXPECT_EQ(counted(bars), 3) << "marks are not values";
  EXPECT_LE(bars.bars.front().from, 0.2);
  EXPECT_GT(bars.bars.back().to, 9.9);
}

TEST(ReportHistogram, OfAnyNumbersHasFewBars) {
  for (const auto& values :
       {std::vector{-1e14, 1e14}, std::vector{1e-300, 1e14}, std::vector{5.0, 5.0 + 1e-13},
        std::vector{-5.0, -5.0}, std::vector{0.0, 1e-300}}) {
    const auto bars = report::histogram(values);
    EXPECT_EQ(counted(bars), 2);
    EXPECT_LE(bars.bars.size(), 30U);
  }
}

TEST(ReportHistogram, OfNothingHasNoBars) { EXPECT_TRUE(report::histogram({}).bars.empty()); }

TEST(ReportPlots, AreOfWhatThereIs) {
  EXPECT_TRUE(report::plots({}).empty());
  std::vector<std::string> captions;
  for (const auto& plot : report::plots(test::failover())) captions.push_back(plot.caption);
  EXPECT_THAT(captions,
              testing::ElementsAre(HasSubstr("Outage of each fault"), HasSubstr("HTTP requests per second"),
                                   HasSubstr("Latency of 4120 answered requests"),
                                   HasSubstr("next hops of 10.1.1.0/24 in router")));
}

TEST(ReportPlots, LeaveOutWhatNeverChangedAndSayIt) {
  ScenarioVerdict verdict{.seconds = 4};
  verdict.series = {{"next hops of 10.0.3.0/24 in b", "", {{0, 1}, {4, 1}}},
                    {"next hops of 10.0.3.0/24 in a", "", {{0, 2}, {1, 1}, {4, 1}}},
                    {"datagrams lost", "1/s", {}}};
  EXPECT_EQ(report::plots(verdict).size(), 1U);
  EXPECT_THAT(report::unchanged(verdict), testing::ElementsAre("next hops of 10.0.3.0/24 in b: 1"));
}

TEST(ReportPlots, AreDrawnWhateverTheNumbers) {
  for (const auto& verdict :
       {test::failover(), test::repeats(), test::hostile(), test::single(), test::impossible()})
    for (const auto& plot : report::plots(verdict)) {
      const auto svg = report::plotted(plot.script, report::Plot::width, report::Plot::height, plot.caption);
      EXPECT_THAT(svg, HasSubstr("</svg>")) << plot.script;
      EXPECT_THAT(svg, Not(HasSubstr(" id="))) << plot.script;
    }
}

TEST(ReportPlots, LabelTheirAxesWithUnits) {
  for (const auto& plot : report::plots(test::failover())) {
    EXPECT_THAT(plot.script, testing::ContainsRegex("set xlabel '[^']+'"));
    EXPECT_THAT(plot.script, testing::ContainsRegex("set ylabel '[^']+'"));
  }
  EXPECT_THAT(report::plots(test::failover()).at(1).script, HasSubstr("set ylabel 'requests [1/s]'"));
}

TEST(ReportPlots, GiveGnuplotNothingOfOthersToRun) {
  auto verdict = test::repeats();
  const std::string evil = "'; system('touch /tmp/lblab-evil'); set label '`id`\n!id\n";
  verdict.summaries.at(0).unit = verdict.summaries.at(0).expected = verdict.series.at(0).unit = evil;
  verdict.series.at(0).name = evil;
  const std::vector<report::Reference> references{{verdict.name, 0, evil, 1, evil}};
  for (const auto& plot : report::plots(verdict, references)) {
    std::string outside;  // of strings, in which '' is a quote
    bool is_inside = false;
    for (const char c : plot.script) {
      is_inside = is_inside != (c == '\'');
      if (!is_inside) outside += c;
    }
    EXPECT_FALSE(is_inside);
    EXPECT_THAT(outside, Not(HasSubstr("system")));
    EXPECT_THAT(outside, Not(HasSubstr("!id")));
  }
}

TEST(ReportPlots, OfManyPointsKeepWhatStandsOut) {
  ScenarioVerdict verdict{.seconds = 72'000};
  expect::Series series{.name = "datagrams lost", .unit = "1/s", .points = {}};
  for (int i = 0; i < 720'000; ++i) series.points.emplace_back(i * 0.1, i == 123'456 ? 77.0 : 0.0);
  verdict.series = {series};
  const auto script = report::plots(verdict).at(0).script;
  EXPECT_LT(script.size(), 40'000U);
  EXPECT_THAT(script, HasSubstr("\n12345.6 77\n"));
}

TEST(ReportGnuplot, TellsWhatIsWrongWithAScript) {
  try {
    report::plotted("plot nonsense(\n", 100, 100, "nothing");
    FAIL() << "it was drawn";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("nonsense"));
  }
}

TEST(ReportGnuplot, HasADarkColourForEachThatItDraws) {
  const auto style = report::plot_style();
  for (const auto& plot : report::plots(test::failover())) {
    const auto svg = report::plotted(plot.script, 500, 290, "");
    for (auto at = svg.find("rgb("); at != std::string::npos; at = svg.find("rgb(", at + 1)) {
      const auto colour = svg.substr(at, svg.find(')', at) + 1 - at);
      EXPECT_THAT(style, HasSubstr("\"" + colour + "\"")) << "in " << plot.caption;
    }
  }
}

}  // namespace
}  // namespace lblab
