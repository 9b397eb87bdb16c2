#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "lab/http/http.hpp"
#include "lbcore/health/checker.hpp"
#include "lbcore/health/judge.hpp"

namespace lbcore::health {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;
using testing::ElementsAre;
using namespace std::chrono_literals;

std::string states(Judge judge, const std::string& results) {
  std::string states;
  for (const char c : results) {
    judge.observe(c == 'p');
    states += judge.up() ? 'U' : 'd';
  }
  return states;
}

TEST(HealthJudge, ChangesAfterEnoughResultsInARowAndNotBefore) {
  EXPECT_EQ(states(Judge(1, 3, false), "fpffpfffpf"), "dUUUUUUdUU");
  EXPECT_EQ(states(Judge(2, 1, false), "pfppfp"), "dddUdd");
  EXPECT_EQ(states(Judge(1, 3, true), "ffpfff"), "UUUUUd") << "believed at first";
}

TEST(HealthJudge, TellsOnlyChanges) {
  Judge judge(2, 2, false);
  EXPECT_FALSE(judge.observe(true));
  EXPECT_TRUE(judge.observe(true));
  EXPECT_FALSE(judge.observe(true));
  EXPECT_FALSE(judge.observe(false));
  EXPECT_TRUE(judge.observe(false));
}

TEST(HealthJudge, NewThresholdsKeepWhatWasSeen) {
  Judge judge(1, 3, true);
  judge.observe(false), judge.observe(false);
  judge.set_thresholds(1, 2);
  EXPECT_TRUE(judge.observe(false));
}

class HealthChecks : public testing::Test {
 protected:
  Endpoint endpoint_of(const tcp::acceptor& a) {
    return {Address::v4(a.local_endpoint().address().to_v4().to_uint()), a.local_endpoint().port()};
  }

  tcp::acceptor listen(std::uint16_t port = 0) {
    return tcp::acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }

  HealthCheck tcp_check() { return {HealthCheck::Kind::tcp, 0, "/", 20ms, 20ms, 1, 2}; }

  Checker checker() {
    return Checker(io_.get_executor(), [this](const Target& t, const Status& s) {
      told_.push_back(t.service + (s.up ? " up" : " down"));
    });
  }

  /// False: it did not come to pass within the deadline.
  bool run_until(const std::function<bool()>& condition, steady_clock::duration within = 5s) {
    const auto deadline = steady_clock::now() + within;
    while (!condition() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    return condition();
  }

  Result probed(const HealthCheck& check, const Endpoint& to) {
    std::optional<Result> result;
    asio::co_spawn(io_, probe(check, to), [&](std::exception_ptr, Result r) { result = r; });
    run_until([&] { return result.has_value(); });
    return result.value_or(Result{false, "no result"});
  }

  asio::io_context io_;
  std::vector<std::string> told_;
};

TEST_F(HealthChecks, TcpPassesWhereSomebodyListens) {
  auto listener = listen();
  const auto endpoint = endpoint_of(listener);
  EXPECT_TRUE(probed(tcp_check(), endpoint).passed);
  listener.close();
  const auto refused = probed(tcp_check(), endpoint);
  EXPECT_FALSE(refused.passed);
  EXPECT_EQ(refused.reason, "Connection refused");
}

TEST_F(HealthChecks, TheCheckMayGoToAnotherPort) {
  auto listener = listen();
  auto check = tcp_check();
  check.port = endpoint_of(listener).port;
  EXPECT_TRUE(probed(check, {Address::v4(0x7f000001), 1}).passed);
}

TEST_F(HealthChecks, HttpPassesWithAGoodStatus) {
  lblab::http::Server server(io_.get_executor());
  auto check = tcp_check();
  check.kind = HealthCheck::Kind::http;
  check.timeout = 2s;
  check.path = "/healthz";
  int status = 204;
  server.on("GET", "/healthz", [&](auto) -> asio::awaitable<lblab::http::Response> {
    co_return lblab::http::Response{status, ""};
  });
  const auto endpoint = [&] {
    auto free = listen();
    return endpoint_of(free);
  }();
  server.listen(endpoint.address, endpoint.port);
  EXPECT_TRUE(probed(check, endpoint).passed);
  status = 503;
  EXPECT_EQ(probed(check, endpoint).reason, "status 503");
}

TEST_F(HealthChecks, AServerThatSaysNothingFailsInTime) {
  auto silent = listen();
  HealthCheck check{HealthCheck::Kind::http, 0, "/", 50ms, 50ms, 1, 1};
  const auto begin = steady_clock::now();
  EXPECT_FALSE(probed(check, endpoint_of(silent)).passed);
  EXPECT_GE(steady_clock::now() - begin, 50ms);
  EXPECT_LT(steady_clock::now() - begin, 3s);
}

TEST_F(HealthChecks, AServerIsDownUntilItsFirstCheckAndThatComesAtOnce) {
  auto listener = listen();
  auto check = tcp_check();
  check.interval = 1h;
  auto checks = checker();
  checks.set({{"web", endpoint_of(listener), check}});
  EXPECT_FALSE(checks.status("web", endpoint_of(listener))->up);
  EXPECT_TRUE(run_until([&] { return !told_.empty(); }));
  EXPECT_THAT(told_, ElementsAre("web up"));
}

TEST_F(HealthChecks, ADeadServerGoesDownAndComesBack) {
  auto listener = listen();
  const auto endpoint = endpoint_of(listener);
  auto checks = checker();
  checks.set({{"web", endpoint, tcp_check()}});
  ASSERT_TRUE(run_until([&] { return told_.size() == 1; }));
  listener.close();
  ASSERT_TRUE(run_until([&] { return told_.size() == 2; }));
  EXPECT_EQ(checks.status("web", endpoint)->reason, "Connection refused");
  auto again = listen(endpoint.port);
  ASSERT_TRUE(run_until([&] { return told_.size() == 3; }));
  EXPECT_THAT(told_, ElementsAre("web up", "web down", "web up"));
}

TEST_F(HealthChecks, OneThatWasInServiceIsBelievedUntilItsChecksFail) {
  const auto endpoint = [&] {
    auto gone = listen();
    return endpoint_of(gone);
  }();
  auto checks = checker();
  checks.set({{"web", endpoint, tcp_check(), true}});
  ASSERT_TRUE(run_until([&] { return checks.status("web", endpoint)->checked; }));
  EXPECT_TRUE(checks.status("web", endpoint)->up) << "one failure of two";
  ASSERT_TRUE(run_until([&] { return !told_.empty(); }));
  EXPECT_THAT(told_, ElementsAre("web down"));
}

TEST_F(HealthChecks, AnotherCheckKeepsTheState) {
  auto listener = listen();
  const auto endpoint = endpoint_of(listener);
  auto checks = checker();
  checks.set({{"web", endpoint, tcp_check()}});
  ASSERT_TRUE(run_until([&] { return told_.size() == 1; }));
  auto other = tcp_check();
  other.port = 1;  // nobody listens there
  other.fall = 3;
  checks.set({{"web", endpoint, other}});
  EXPECT_TRUE(checks.status("web", endpoint)->up);
  ASSERT_TRUE(run_until([&] { return told_.size() == 2; })) << "the new check is in force";
  EXPECT_THAT(told_, ElementsAre("web up", "web down"));
}

TEST_F(HealthChecks, WhoIsNotCheckedIsUp) {
  auto checks = checker();
  const Endpoint endpoint{Address::v4(0x7f000001), 1};
  HealthCheck none;
  none.rise = 3;
  checks.set({{"web", endpoint, none}});
  EXPECT_TRUE(checks.status("web", endpoint)->up);
  auto check = tcp_check();
  checks.set({{"web", endpoint, check}});
  ASSERT_TRUE(run_until([&] { return told_.size() == 1; })) << "and checked when that is asked for";
  checks.set({{"web", endpoint, none}});
  ASSERT_TRUE(run_until([&] { return told_.size() == 2; }));
  EXPECT_THAT(told_, ElementsAre("web down", "web up"));
}

TEST_F(HealthChecks, WhatIsNoLongerWantedIsForgotten) {
  auto listener = listen();
  const auto endpoint = endpoint_of(listener);
  auto checks = checker();
  checks.set({{"web", endpoint, tcp_check()}});
  ASSERT_TRUE(run_until([&] { return told_.size() == 1; }));
  checks.set({});
  EXPECT_FALSE(checks.status("web", endpoint));
  checks.set({{"web", endpoint, tcp_check()}});
  EXPECT_FALSE(checks.status("web", endpoint)->up) << "it begins anew";
}

TEST_F(HealthChecks, ManyServersAreNotCheckedInOneMoment) {
  // 20 servers, interval 400 ms: in any 100 ms after the first round, evenly spread clocks make about 5
  // checks.
  auto listener = listen();
  std::vector<steady_clock::time_point> seen;
  std::function<void()> accept = [&] {
    listener.async_accept([&](auto error, tcp::socket) {
      if (error) return;
      seen.push_back(steady_clock::now());
      accept();
    });
  };
  accept();
  auto check = tcp_check();
  check.interval = 400ms;
  check.timeout = 400ms;
  std::vector<Target> targets;
  for (int i = 0; i < 20; ++i) targets.push_back({"s" + std::to_string(i), endpoint_of(listener), check});
  auto checks = checker();
  checks.set(targets);
  ASSERT_TRUE(run_until([&] { return seen.size() >= 60; }));
  const auto round = std::vector(seen.begin() + 20, seen.begin() + 40);
  EXPECT_GT(round.back() - round.front(), 200ms) << "the second round is spread over the interval";
}

}  // namespace
}  // namespace lbcore::health
