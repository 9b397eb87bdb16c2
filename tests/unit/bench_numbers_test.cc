#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/bench/cpu.hpp"
#include "lab/bench/statistics.hpp"
#include "lab/bench/wrk.hpp"

/// What a bench takes from others: wrk's report and the kernel's accounting; and the statistics of it.
namespace lblab::bench {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

// As wrk 4.1.0 of Debian 12 wrote it, at a server that has no such page.
constexpr const char* real_output = R"(Running 1s test @ http://127.0.0.1:18777/nothing
  1 threads and 5 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   162.13ms  143.39ms 515.80ms   70.45%
    Req/Sec    33.29     34.87    99.00     85.71%
  Latency Distribution
     50%  151.79ms
     75%  273.10ms
     90%  350.83ms
     99%  515.80ms
  35 requests in 1.07s, 17.77KB read
  Non-2xx or 3xx responses: 35
Requests/sec:     32.76
Transfer/sec:     16.64KB
)";

TEST(Wrk, ReportIsRead) {
  const auto read = parse_wrk(real_output);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->requests, 35U);
  EXPECT_DOUBLE_EQ(read->seconds, 1.07);
  EXPECT_THAT(read->rate(), DoubleNear(32.76, 0.1));
  EXPECT_EQ(read->errors, 35U);
  EXPECT_DOUBLE_EQ(read->p50, 0.15179);
  EXPECT_DOUBLE_EQ(read->p99, 0.5158);
}

// The papers' Table 4.1, with the distribution in other units.
TEST(Wrk, ReportOfALongRunIsRead) {
  const auto read = parse_wrk(R"(Running 30s test @ http://10.254.0.10:81/
  40 threads and 800 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    15.82ms   41.45ms   1.90s    91.90%
    Req/Sec     4.14k   342.26     6.45k    69.24%
  Latency Distribution
     50%  812.00us
     75%    1.20s
     90%    1.10m
     99%    2.00m
  4958000 requests in 0.50m, 1.14GB read
  Socket errors: connect 1, read 2, write 3, timeout 4
Requests/sec: 164717.63
Transfer/sec:     38.86MB
)");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->requests, 4'958'000U);
  EXPECT_DOUBLE_EQ(read->seconds, 30);
  EXPECT_EQ(read->errors, 10U);
  EXPECT_DOUBLE_EQ(read->p50, 812e-6);
  EXPECT_DOUBLE_EQ(read->p75, 1.2);
  EXPECT_DOUBLE_EQ(read->p90, 66);
}

TEST(Wrk, NoReportIsNone) {
  EXPECT_FALSE(parse_wrk(""));
  EXPECT_FALSE(parse_wrk("unable to connect to 10.1.1.1:80 Connection refused\n"));
  const std::string whole = real_output;
  EXPECT_FALSE(parse_wrk(whole.substr(0, whole.find("  35 requests"))));
}

TEST(Wrk, CommandHasTheLoadInIt) {
  EXPECT_THAT(
      wrk_command({.connections = 20, .threads = 2, .time = std::chrono::seconds(3)}, "http://10.1.1.1:80/"),
      ElementsAre("wrk", "--threads", "2", "--connections", "20", "--duration", "3s", "--latency",
                  "http://10.1.1.1:80/"));
}

TEST(Cpu, FirstLineOfProcStatIsAllCpus) {
  const auto read = parse_cpu(
      "cpu  3862805 265637 480153 906247 6775 100 3073 4728 9 0\n"
      "cpu0 1914040 145047 231900 468966 1611 0 534 2349 0 0\n",
      100);
  ASSERT_TRUE(read);
  EXPECT_DOUBLE_EQ(read->user, 41284.42);
  EXPECT_DOUBLE_EQ(read->system, 4801.53);
  EXPECT_DOUBLE_EQ(read->interrupt, 31.73);
  EXPECT_DOUBLE_EQ(read->idle, 9130.22);
  EXPECT_DOUBLE_EQ(read->stolen, 47.28);
}

TEST(Cpu, DifferenceOfTwoReadingsIsWhatWasSpent) {
  const auto spent =
      *parse_cpu("cpu  30 0 20 100 0 1 2 0 0 0\n", 10) - *parse_cpu("cpu  10 0 10 50 0 0 0 0 0 0\n", 10);
  EXPECT_DOUBLE_EQ(spent.busy(), 3.3);
  EXPECT_DOUBLE_EQ(spent.total(), 8.3);
}

TEST(Cpu, SomethingElseIsNotRead) {
  EXPECT_FALSE(parse_cpu("", 100));
  EXPECT_FALSE(parse_cpu("cpu0 1 2 3 4 5 6 7 8\n", 100));
  EXPECT_FALSE(parse_cpu("cpu  1 2 3\n", 100));
}

TEST(BenchStatistics, MedianIsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

TEST(BenchStatistics, IntervalOfEqualValuesIsThatValue) {
  EXPECT_EQ(median_interval({2, 2, 2}), (Interval{2, 2, 2}));
  EXPECT_EQ(median_interval({7}), (Interval{7, 7, 7}));
  EXPECT_EQ(median_interval({}), (Interval{}));
}

// Of n = 15 values the median lies between the 4th and the 12th with 96.5 % (binomial), between the 5th and
// the 11th with 88.2 %: the bootstrap's 95 % are the 4th and the 12th, or one off.
TEST(BenchStatistics, IntervalAgreesWithOrderStatistics) {
  std::vector<double> values;
  for (int n = 1; n <= 15; ++n) values.push_back(n);
  const auto interval = median_interval(values);
  EXPECT_EQ(interval.middle, 8);
  EXPECT_THAT(interval.low, DoubleNear(4, 1));
  EXPECT_THAT(interval.high, DoubleNear(12, 1));
  EXPECT_EQ(interval, median_interval(values)) << "the same values, another interval";
}

TEST(BenchStatistics, RatiosAreOfTheSameRound) {
  EXPECT_THAT(ratios({2, 9, 5}, {1, 3, 10}), ElementsAre(2, 3, 0.5));
  EXPECT_THAT(ratios({2, 9}, {0, 3}), ElementsAre(3));
}

TEST(BenchStatistics, QuantilesKeepTheEnds) {
  EXPECT_THAT(quantiles({5, 3, 1, 4, 2}, 3), ElementsAre(1, 3, 5));
  EXPECT_THAT(quantiles({2, 1}, 10), ElementsAre(1, 2));
}

}  // namespace
}  // namespace lblab::bench
