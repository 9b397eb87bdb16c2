#include "lab/model/unroll.hpp"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

/// A scenario's timeline: repeats unrolled, choices made, and all of it again from the same seed.
namespace lblab::model {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Step wait(milliseconds from, milliseconds to, Mark mark = {}) {
  return {.at = {}, .what = Wait{{from, to}}, .mark = mark};
}
Step wait(milliseconds time, Mark mark = {}) { return wait(time, time, mark); }
Step crash(const std::string& host) { return {.at = {}, .what = CrashHost{host}, .mark = {}}; }
Step repeat(int times, std::vector<Step> steps) {
  return {.at = {}, .what = Repeat{times, std::move(steps)}, .mark = {}};
}
Step one_of(std::vector<Step> steps) { return {.at = {}, .what = OneOf{std::move(steps)}, .mark = {}}; }
Step scale(std::optional<Drawn<int>> pods, std::optional<Drawn<int>> load_balancers) {
  return {.at = {}, .what = ScaleService{"web", pods, load_balancers}, .mark = {}};
}

std::vector<Service> web(int pods, int load_balancers) {
  Service service{.name = "web"};
  service.pods.replicas = pods;
  service.load_balancers.emplace().replicas = load_balancers;
  return {service};
}

std::vector<Step> unrolled(std::vector<Step> steps, std::uint64_t seed = 1,
                           const std::vector<Service>& services = {}) {
  Scenario scenario;
  scenario.steps = std::move(steps);
  return unroll(scenario, seed, services);
}

std::vector<milliseconds> waits(const std::vector<Step>& steps) {
  std::vector<milliseconds> times;
  for (const auto& step : steps) {
    const auto& wait = std::get<Wait>(step.what);
    EXPECT_TRUE(wait.time.is_fixed());
    times.push_back(wait.time.min);
  }
  return times;
}

TEST(Unroll, WhatHasNothingToUnrollStaysAsItIs) {
  auto first = crash("a");
  first.at = 3s;
  first.mark = {4, 7};
  const auto steps = unrolled({first, wait(2s)});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(std::get<CrashHost>(steps[0].what).host, "a");
  EXPECT_EQ(steps[0].at, 3s);
  EXPECT_EQ(steps[0].mark, (Mark{4, 7}));
  EXPECT_EQ(std::get<Wait>(steps[1].what).time.max, 2s);
  EXPECT_FALSE(steps[1].at);
}

TEST(Unroll, RepeatsAndRepeatsWithinThemComeOneAfterTheOther) {
  const auto steps = unrolled({repeat(2, {wait(1ms, {3, 1}), repeat(2, {wait(2ms, {4, 1})})}), wait(3ms)});
  EXPECT_THAT(waits(steps), ElementsAre(1ms, 2ms, 2ms, 1ms, 2ms, 2ms, 3ms));
  EXPECT_EQ(steps[0].mark, steps[3].mark) << "so that repeats of one line can be told from others";
  EXPECT_EQ(steps[1].mark, (Mark{4, 1}));
}

TEST(Unroll, ATimeBesideARepeatIsThatOfItsFirstStepOnly) {
  auto repeated = repeat(2, {one_of({wait(1ms), wait(1ms)}), wait(2ms)});
  repeated.at = 5s;
  const auto steps = unrolled({repeated});
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].at, 5s);
  for (const std::size_t n : {1, 2, 3}) EXPECT_FALSE(steps[n].at) << n;
}

TEST(Unroll, OneSeedGivesOneTimelineAndAnotherSeedAnother) {
  const std::vector<Step> drawn{repeat(20, {wait(1s, 3s)})};
  EXPECT_EQ(waits(unrolled(drawn, 7)), waits(unrolled(drawn, 7)));
  EXPECT_NE(waits(unrolled(drawn, 7)), waits(unrolled(drawn, 8)));
}

/// What a seed means on this machine, it means on all: the engine's first number for 5489 is
/// 14514284786278117030 (found by hand from its definition), and its 10000th is in the standard.
TEST(Unroll, DrawsFollowFromTheStandardsEngineAlone) {
  std::mt19937_64 engine(5489);
  engine.discard(9'999);
  EXPECT_EQ(engine(), 9'981'545'732'273'789'042u);
  EXPECT_THAT(waits(unrolled({wait(0ms, 999ms)}, 5489)), ElementsAre(30ms));
}

TEST(Unroll, AWaitIsDrawnFromItsWholeRangeAndNothingElse) {
  std::map<milliseconds, int> drawn;
  for (const auto time : waits(unrolled({repeat(5'000, {wait(1ms, 5ms)})}))) ++drawn[time];
  ASSERT_EQ(drawn.size(), 5u);
  EXPECT_EQ(drawn.begin()->first, 1ms);
  EXPECT_EQ(drawn.rbegin()->first, 5ms);
  double chi_square = 0;
  for (const auto& [time, count] : drawn) chi_square += (count - 1'000.0) * (count - 1'000.0) / 1'000;
  EXPECT_LT(chi_square, 18.47) << "p = 0.001 with 4 degrees of freedom";
}

TEST(Unroll, OneOfIsOneOfThemAndEachOfThemInTime) {
  std::set<std::string> hosts;
  const auto steps =
      unrolled({repeat(100, {one_of({crash("a"), crash("b"), one_of({crash("c"), crash("d")})})})});
  ASSERT_EQ(steps.size(), 100u);
  for (const auto& step : steps) hosts.insert(std::get<CrashHost>(step.what).host);
  EXPECT_THAT(hosts, ElementsAre("a", "b", "c", "d"));
}

TEST(Unroll, ADrawnCountIsNeverTheOneBeforeIt) {
  const auto steps = unrolled({repeat(200, {scale(Drawn<int>{2, 5}, Drawn<int>{1, 3})})}, 3, web(4, 2));
  int pods = 4, load_balancers = 2;
  std::set<int> all_pods, all_load_balancers;
  for (const auto& step : steps) {
    const auto& scale = std::get<ScaleService>(step.what);
    ASSERT_TRUE(scale.pods->is_fixed() && scale.load_balancers->is_fixed());
    EXPECT_NE(scale.pods->min, std::exchange(pods, scale.pods->min));
    EXPECT_NE(scale.load_balancers->min, std::exchange(load_balancers, scale.load_balancers->min));
    all_pods.insert(pods), all_load_balancers.insert(load_balancers);
  }
  EXPECT_THAT(all_pods, ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(all_load_balancers, ElementsAre(1, 2, 3));
}

TEST(Unroll, ACountOutsideTheRangeLeavesAllOfIt) {
  std::set<int> drawn;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    drawn.insert(std::get<ScaleService>(unrolled({scale({}, Drawn<int>{1, 2})}, seed, web(1, 3))[0].what)
                     .load_balancers->min);
  EXPECT_THAT(drawn, ElementsAre(1, 2));
}

TEST(Unroll, ACountThatIsWrittenIsTakenAndCountsForTheNext) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto steps = unrolled({scale(Drawn<int>{7, 7}, {}), scale(Drawn<int>{7, 8}, {})}, seed, web(7, 1));
    EXPECT_EQ(std::get<ScaleService>(steps[0].what).pods->min, 7);
    EXPECT_EQ(std::get<ScaleService>(steps[1].what).pods->min, 8);
    EXPECT_FALSE(std::get<ScaleService>(steps[1].what).load_balancers);
  }
}

}  // namespace
}  // namespace lblab::model
