#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/bench/plot.hpp"
#include "lab/bench/table.hpp"
#include "lab/bench/write.hpp"
#include "lab/report/gnuplot.hpp"
#include "tests/unit/golden.hpp"

/// What a bench writes of known runs.
namespace lblab::bench {
namespace {

using model::Bench;
using Measure = Bench::Measure;
using testing::HasSubstr;
using testing::Not;

Bench sample() {
  return {.name = "kinds",
          .about = "Throughput by kind",
          .figures = {"4.6", "5.8"},
          .service = "web",
          .vary = {{"kind", {"ipvs", "nginx"}}, {"pods", {"1", "2"}}},
          .set = {},
          .measures = {Measure::throughput, Measure::cpu},
          .load = {},
          .rounds = 3,
          .baseline = "ipvs.1",
          .paper = model::PaperFigures{.source = "Figure 4.6",
                                       .figures = {{"ipvs", {20, 40}}, {"nginx", {10, 10}}}}};
}

LoadRun run(int round, std::uint64_t requests, double busy) {
  return {.round = round,
          .wrk = {.requests = requests,
                  .seconds = 2,
                  .errors = requests == 300 ? 1U : 0U,
                  .p50 = 0.001,
                  .p99 = 0.004},
          .cpu = {.user = busy / 2, .system = busy / 2, .idle = 1}};
}

Results results() {
  Results all{.machine = {.kernel = "6.1.0", .virtual_by = "TCG", .cpus = 2}, .benches = {}};
  auto& kinds = all.benches["kinds"];
  for (int round = 1; round <= 3; ++round) {
    const auto slower = static_cast<std::uint64_t>(round);  // the machine slows down from round to round
    kinds["ipvs.1"].load.push_back(run(round, 6000 / slower, 2));
    kinds["ipvs.2"].load.push_back(run(round, 9000 / slower, 2));
    kinds["nginx.1"].load.push_back(run(round, 1500 / slower, 2));
    kinds["nginx.2"].load.push_back(run(round, 900 / slower, 2));
  }
  return all;
}

Summary summary(Measure measure = Measure::throughput) {
  return summarise(sample(), measure, results().benches["kinds"]);
}

TEST(BenchReport, RatiosAreThoseOfTheSameRoundWhateverTheMachineDid) {
  const auto points = summary().points;
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].value.middle, 1500);
  EXPECT_EQ(points[0].ratio, (Interval{1, 1, 1}));
  EXPECT_EQ(points[1].ratio, (Interval{1.5, 1.5, 1.5}));
  EXPECT_EQ(points[2].ratio, (Interval{0.25, 0.25, 0.25}));
  EXPECT_EQ(points[1].paper, 2);
  EXPECT_EQ(points[3].paper, 0.5);
  EXPECT_FALSE(points[0].differs());
  EXPECT_TRUE(points[2].differs());
  EXPECT_EQ(points[3].errors, 1U);
}

TEST(BenchReport, CpuIsOfOneRequestAndHasNoFigureOfThePapers) {
  const auto points = summary(Measure::cpu).points;
  EXPECT_DOUBLE_EQ(points[0].value.middle, 2e6 / 3000);
  EXPECT_DOUBLE_EQ(points[2].ratio.middle, 4);
  EXPECT_FALSE(points[1].paper);
}

TEST(BenchReport, TableIsForPeople) {
  const auto all = results();
  test::expect_golden("bench/table.txt", table(sample(), summary(), all.machine));
}

TEST(BenchReport, CsvHasARowForEachRun) {
  const auto text = csv(sample(), results().benches["kinds"]);
  EXPECT_THAT(text, HasSubstr("bench,kind,pods,round,measured,requests,seconds"));
  EXPECT_THAT(
      text, HasSubstr("kinds,nginx,2,3,load,300,2.000,150.0,1,0.001000,0.004000,1.00,1.00,0.00,1.00,,\r\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 13);
}

TEST(BenchReport, JsonHasTheRunsAndWhatTheyComeTo) {
  const auto json = json_of(sample(), results());
  EXPECT_EQ(json["figures"][0], "4.6");
  EXPECT_EQ(json["benches"]["kinds"]["nginx.2"]["load"].size(), 3U);
  EXPECT_EQ(json["summaries"][0]["points"][1]["ratio"]["median"], 1.5);
  EXPECT_EQ(json["summaries"][0]["points"][1]["paper-ratio"], 2.0);
  EXPECT_EQ(json["summaries"].size(), 2U);
  EXPECT_EQ(results_from(to_json(results())), results());
}

TEST(BenchReport, EveryRowOfTheCsvHasAllColumns) {
  auto runs = results().benches["kinds"];
  runs["ipvs.1"].latency = {{.round = 1, .sent = 2, .answered = 1, .latencies = {0.001}}};
  runs["ipvs.1"].bytes = {
      {.round = 1, .requests = 100, .out = {.packets = 4, .payload = 3, .bytes = 67500}, .in = {}}};
  runs["ipvs.1"].counts = {{.round = 1, .instructions = {250'000}}};
  std::istringstream lines(csv(sample(), runs));
  std::string line;
  std::getline(lines, line);
  const auto commas = std::ranges::count(line, ',');
  for (int n = 1; std::getline(lines, line); ++n) EXPECT_EQ(std::ranges::count(line, ','), commas) << line;
  EXPECT_THAT(csv(sample(), runs), HasSubstr("kinds,ipvs,1,1,bytes,100,,,,,,,,,,67500,\r\n"));
  EXPECT_THAT(csv(sample(), runs), HasSubstr("kinds,ipvs,1,1,instructions,,,,,,,,,,,,250000\r\n"));
}

TEST(BenchReport, ARoundThatFailedIsToldAndComparesNothing) {
  auto all = results();
  auto& runs = all.benches["kinds"];
  auto& base = runs["ipvs.1"];
  base.load.erase(base.load.begin());
  base.lost = {{.round = 1, .what = "load", .why = "wrk in client: Network is unreachable"}};
  const auto made = summarise(sample(), Measure::throughput, runs);
  EXPECT_EQ(made.points[0].rounds, 2U);
  EXPECT_EQ(made.points[1].ratio, (Interval{1.5, 1.5, 1.5})) << "compared with another round";
  const auto text = table(sample(), made, all.machine);
  EXPECT_THAT(text, HasSubstr("2 of 3"));
  EXPECT_THAT(text, HasSubstr("ipvs.1, round 1: wrk in client: Network is unreachable"));
  EXPECT_EQ(json_of(sample(), all)["summaries"][0]["points"][0]["of"], 3);
  EXPECT_EQ(results_from(to_json(all)), all);
  EXPECT_FALSE(lacks_some(sample(), runs));
  base.load.clear();
  EXPECT_TRUE(lacks_some(sample(), runs));
}

Summary counted(std::vector<std::vector<double>> of) {
  Bench bench = sample();
  bench.vary = {{"kind", {"direct", "ipvs", "nftables", "nginx"}}};
  bench.measures = {Measure::instructions};
  bench.baseline = "direct";
  bench.paper.reset();
  std::map<std::string, Runs> runs;
  for (std::size_t n = 0; n < of.size(); ++n)
    for (const double value : of[n]) {
      auto& counts = runs[bench.vary[0].values[n]].counts;
      counts.push_back({.round = static_cast<int>(counts.size()) + 1, .instructions = {value}});
    }
  return summarise(bench, Measure::instructions, runs);
}

TEST(BenchReport, InstructionsAreToldBeyondDirectAccessAndOnlySeparateOnesAreOrdered) {
  const auto made =
      counted({{250e3, 252e3, 251e3}, {285e3, 280e3, 290e3}, {288e3, 279e3, 281e3}, {350e3, 351e3, 352e3}});
  EXPECT_EQ(made.points[1].difference.middle, 35);
  EXPECT_EQ(order(made), "direct < nftables, ipvs < nginx");
  EXPECT_FALSE(are_separate(made.points[1], made.points[2]));
  EXPECT_TRUE(are_separate(made.points[0], made.points[1]));
}

TEST(BenchReport, OneBootSeparatesNothing) { EXPECT_EQ(order(counted({{250e3}, {285e3}})), "direct, ipvs"); }

TEST(BenchReport, PlotSaysWhatWasMeasuredAndHasThePapersBeside) {
  const auto script = plot_script(sample(), summary(), results().machine);
  EXPECT_THAT(script, HasSubstr("number of pods"));
  EXPECT_THAT(script, HasSubstr("throughput, as a ratio"));
  EXPECT_THAT(script, HasSubstr("1 = ipvs.1: 1500 requests/s"));
  EXPECT_THAT(script, HasSubstr("3 rounds"));
  EXPECT_THAT(script, HasSubstr("TCG"));
  EXPECT_THAT(script, HasSubstr("papers: nginx"));
  EXPECT_THAT(plot_script(sample(), summary(Measure::cpu), results().machine), Not(HasSubstr("papers")));
}

TEST(BenchReport, KindsAloneAreBars) {
  auto bench = sample();
  bench.vary = {{"kind", {"ipvs", "nginx"}}};
  bench.baseline = "";
  bench.paper->figures = {{"ipvs", {20}}, {"nginx", {10}}};
  std::map<std::string, Runs> runs{{"ipvs", {.load = {run(1, 6000, 2)}}},
                                   {"nginx", {.load = {run(1, 1500, 2)}}}};
  const auto script = plot_script(bench, summarise(bench, Measure::throughput, runs), results().machine);
  EXPECT_THAT(script, HasSubstr("with boxes"));
  EXPECT_THAT(script, HasSubstr("title 'papers'"));
}

TEST(BenchReport, LatenciesAreADistribution) {
  auto bench = sample();
  bench.vary = {{"kind", {"ipvs"}}};
  bench.baseline = "";
  bench.measures = {Measure::latency};
  bench.paper = {};
  const auto record =
      std::string("{\"record\":\"http\",\"lines\":2}\n") +
      R"({"number":0,"due":1000000,"began":1,"connected":2,"ended":3000000,"end":"answered","status":200,"port":1,"server":"","seen":""})" +
      "\n" +
      R"({"number":1,"due":1000000,"began":1,"connected":2,"ended":3000000,"end":"refused","status":0,"port":1,"server":"","seen":""})" +
      "\n";
  const auto one = latency_run(1, record);
  EXPECT_EQ(one.sent, 2U);
  EXPECT_EQ(one.answered, 1U);
  const auto made = summarise(bench, Measure::latency, {{"ipvs", {.load = {}, .latency = {one}}}});
  ASSERT_EQ(made.points.size(), 1U);
  EXPECT_DOUBLE_EQ(made.points[0].value.middle, 2);
  EXPECT_EQ(made.points[0].errors, 1U);
  EXPECT_THAT(plot_script(bench, made, results().machine), HasSubstr("ipvs, median 2 ms, 1.00"));
}

TEST(BenchReport, WritesEachFileUnderTheFiguresName) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "bench-report-test";
  std::filesystem::create_directories(folder);
  EXPECT_THAT(write_all({sample()}, results(), folder), HasSubstr("figure-4.6-kinds"));
  for (const auto* ending : {".txt", ".csv", ".json", "-throughput.svg"})
    EXPECT_GT(std::filesystem::file_size(folder / (std::string("figure-4.6-kinds") + ending)), 100U)
        << ending;
  EXPECT_GT(std::filesystem::file_size(folder / "figure-5.8-kinds-cpu.svg"), 100U);
  const auto svg = test::read_file(folder / "figure-4.6-kinds-throughput.svg");
  EXPECT_THAT(svg, HasSubstr("<svg "));
  EXPECT_THAT(svg, HasSubstr("papers: nginx"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lblab::bench
