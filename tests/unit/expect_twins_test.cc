#include <gmock/gmock.h>

#include "tests/unit/expect_stage.hpp"

/// Each expectation passes where all is well, and has a twin with a planted defect in which it fails with a
/// story that names the cause. An expectation without twins does not compile here.
namespace lblab::test {
namespace {

using namespace std::chrono_literals;
using End = probe::Request::End;
using expect::Outcome;
using testing::HasSubstr;

/// sound(), broken(): one expectation each. `cause`: what the story of the broken one says.
template <class Expectation>
struct Twins;

template <>
struct Twins<model::RouteExpectation> {
  static constexpr const char* cause = "exabgp in web-lb-2 had been frozen";
  static model::Expectation expectation() {
    return within(1s,
                  model::RouteExpectation{"router", *sys::Prefix::parse("10.1.1.0/24"), {"node1", "node3"}});
  }
  static Stage sound() {
    Stage stage;
    stage.lose_balancer(1, 2);
    stage.expect(expectation());
    return stage;
  }
  /// Silent death: nobody closes the session, so the route stays.
  static Stage broken() {
    Stage stage;
    stage.act(1, model::FreezeProcess{"web-lb-2", "exabgp"});
    stage.process(1, "web-lb-2", "exabgp", "signalled", 19);
    stage.expect(expectation());
    return stage;
  }
};

template <>
struct Twins<model::SessionExpectation> {
  static constexpr const char* cause = "web-lb-2 was never established";
  static Stage direct(bool masqueraded) {
    Stage stage;
    std::erase_if(stage.evidence.events, [](const json& e) { return e["event"] == "session"; });
    for (const char* peer : {"web-lb-1", "web-lb-3", "router"}) stage.session(-3, peer, true);
    // Masqueraded, two load balancers of one node come from one address, and one of them gets no session.
    if (!masqueraded) stage.session(-3, "web-lb-2", true);
    stage.expect(within(1s, model::SessionExpectation{"rr", {"web-lb-1", "web-lb-2", "web-lb-3", "router"}}));
    return stage;
  }
  static Stage sound() { return direct(false); }
  static Stage broken() { return direct(true); }
};

template <>
struct Twins<model::IpvsExpectation> {
  static constexpr const char* cause = "web-lb-1 found it healthy";
  static Stage dead_pod(bool checked) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-6", "nginx", 9, false});
    stage.process(1, "web-6", "nginx", "ended");
    if (checked) {
      stage.health(1.5, "web-lb-1", "web-6", false);
      stage.ipvs(1.6, "web-lb-1", {all_pods.begin(), all_pods.end() - 1}, 1.5);
    }
    stage.expect(within(2s, model::IpvsExpectation{"web-lb-1", {all_pods.begin(), all_pods.end() - 1}}));
    return stage;
  }
  static Stage sound() { return dead_pod(true); }
  static Stage broken() { return dead_pod(false); }
};

template <>
struct Twins<model::EventExpectation> {
  static constexpr const char* cause = "what came instead, at +0.500 s";
  static Stage withdrawal(const char* state) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-lb-2", "lbd", 15, false});
    stage.event(1.5,
                {{"event", "announce"}, {"host", "web-lb-2"}, {"route", "10.1.1.0/24"}, {"state", state}});
    stage.expect(within(
        1s, model::EventExpectation{{{"event", "announce"}, {"host", "web-lb-2"}, {"state", "withdrawn"}}}));
    return stage;
  }
  static Stage sound() { return withdrawal("withdrawn"); }
  static Stage broken() { return withdrawal("refused"); }
};

template <>
struct Twins<model::OrderExpectation> {
  static constexpr const char* cause = "before announce (state withdrawn)";
  static Stage decommission(double withdrawn, double ended) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-lb-2", "lbd", 15, false});
    if (withdrawn < ended) stage.announce(withdrawn, 2, false);
    stage.process(ended, "web-lb-2", "lbd", "ended");
    if (withdrawn >= ended) stage.announce(withdrawn, 2, false);
    stage.expect(within(2s, model::OrderExpectation{{{{"event", "announce"}, {"state", "withdrawn"}},
                                                     {{"event", "process"}, {"state", "ended"}}}}));
    return stage;
  }
  static Stage sound() { return decommission(1.1, 1.6); }
  static Stage broken() { return decommission(1.6, 1.1); }
};

template <>
struct Twins<model::OutageExpectation> {
  static constexpr const char* cause = "exabgp in web-lb-2 had ended";
  static Stage lost_for(double outage) {
    Stage stage;
    stage.lose_balancer(1, 2, outage);
    stage.udp(6, 0, 9, [&](int flow, double t) {
      if (Stage::usual(flow) != 2 || t < 1) return Stage::usual(flow);
      return t < 1 + outage ? 0 : 1;
    });
    stage.expect(in_window(model::OutageExpectation{.max = 100ms}));
    return stage;
  }
  static Stage sound() { return lost_for(0.05); }
  static Stage broken() { return lost_for(3); }
};

template <>
struct Twins<model::RequestExpectation> {
  static constexpr const char* cause = "web-lb-1 had web-6 (172.16.3.3) in its table";
  static Stage requests(bool healthy) {
    Stage stage;
    stage.act(1, model::KillProcess{"web-6", "nginx", 9, false});
    stage.process(1, "web-6", "nginx", "ended");
    for (int n = 1; n <= 3; ++n)
      if (healthy) stage.ipvs(1.001, fmt::format("web-lb-{}", n), {all_pods.begin(), all_pods.end() - 1});
    for (int i = 0; i < 100; ++i)
      stage.request(1.1 + i * 0.02, !healthy && i % 6 == 5 ? End::refused : End::answered);
    stage.expect(in_window(model::RequestExpectation{}));
    return stage;
  }
  static Stage sound() { return requests(true); }
  static Stage broken() { return requests(false); }
};

template <>
struct Twins<model::FlowExpectation> {
  static constexpr const char* cause =
      "the connection from port 50001 through web-lb-2 was reset at +0.200 s";
  static Stage flows(probe::Flow::End end, double ended) {
    Stage stage;
    stage.lose_balancer(1, 2);
    for (int n = 1; n <= 3; ++n)
      stage.flow(n == 2 ? end : probe::Flow::End::survived, n == 2 ? ended : 10, n);
    stage.expect(in_window(model::FlowExpectation{.lost = 0, .survive = 3}));
    return stage;
  }
  static Stage sound() { return flows(probe::Flow::End::survived, 10); }
  static Stage broken() { return flows(probe::Flow::End::reset, 1.2); }
};

template <>
struct Twins<model::MovedExpectation> {
  static constexpr const char* cause = "flow 0 went from node1 to node3";
  static Stage moved(bool resilient) {
    Stage stage;
    stage.lose_balancer(1, 2);
    stage.udp(6, 0, 3, [&](int flow, double t) {
      const int usual = Stage::usual(flow);
      if (t < 1.02) return usual;
      if (!resilient) return usual == 1 ? 3 : 1;  // all buckets were dealt anew
      return usual == 2 ? 1 : usual;
    });
    stage.expect(in_window(model::MovedExpectation{0}));
    return stage;
  }
  static Stage sound() { return moved(true); }
  static Stage broken() { return moved(false); }
};

template <>
struct Twins<model::FairnessExpectation> {
  static constexpr const char* cause = "node2 got 0 where";
  /// Shares in turn; or by a hash over addresses alone, with which one client has two ways at most.
  static Stage shares(int ways) {
    Stage stage;
    for (int i = 0; i < 300; ++i)
      stage.request(1 + i * 0.01, End::answered, 0.002, i % ways == 1 ? (ways == 2 ? 3 : 2) : i % ways + 1,
                    all_pods[static_cast<size_t>(i / 3 % 6)]);
    stage.expect(in_window(model::FairnessExpectation{}));
    return stage;
  }
  static Stage sound() { return shares(3); }
  static Stage broken() { return shares(2); }
};

template <>
struct Twins<model::SourceExpectation> {
  static constexpr const char* cause = "192.0.2.10 is client's own: nobody translated it";
  static Stage seen(const std::string& address) {
    Stage stage;
    for (int i = 0; i < 10; ++i) stage.request(1 + i * 0.1, End::answered).seen = address;
    stage.expect(in_window(model::SourceExpectation{"http", {"web"}}));
    return stage;
  }
  static Stage sound() { return seen("172.16.3.4:1024"); }
  static Stage broken() { return seen("192.0.2.10:1024"); }
};

template <>
struct Twins<model::CounterExpectation> {
  static constexpr const char* cause = "web-3: IPReversePathFilter 12";
  static Stage dropped(std::uint64_t n) {
    Stage stage;
    stage.evidence.counters["web-3"] = {{"IPReversePathFilter", n}, {"insert_failed", 1}};
    stage.evidence.counters["router"] = {{"IPReversePathFilter", 0}};
    stage.expect(in_window(model::CounterExpectation{{{"reverse-path-filter", {.max = 0}}}}));
    return stage;
  }
  static Stage sound() { return dropped(0); }
  static Stage broken() { return dropped(12); }
};

template <class Expectation>
class ExpectTwins : public testing::Test {};

template <class Variant>
struct Alternatives;
template <class... All>
struct Alternatives<std::variant<All...>> {
  static_assert((sizeof(Twins<All>) && ...), "each expectation has its twins");
  using Types = testing::Types<All...>;
};
TYPED_TEST_SUITE(ExpectTwins, Alternatives<decltype(model::Expectation::what)>::Types);

TYPED_TEST(ExpectTwins, PassesWhereAllIsWell) {
  const auto finding = Twins<TypeParam>::sound().finding();
  EXPECT_EQ(finding.outcome, Outcome::passed) << text(finding);
}

TYPED_TEST(ExpectTwins, FailsWithTheCauseWhereADefectIsPlanted) {
  const auto verdict = Twins<TypeParam>::broken().judge();
  const auto& finding = verdict.findings.at(0);
  EXPECT_EQ(finding.outcome, Outcome::failed) << text(finding);
  EXPECT_THAT(text(finding), HasSubstr(Twins<TypeParam>::cause));
  EXPECT_EQ(verdict.outcome, Outcome::failed);
}

TYPED_TEST(ExpectTwins, NeverTurnsBothAround) {
  for (const bool is_sound : {true, false}) {
    auto stage = is_sound ? Twins<TypeParam>::sound() : Twins<TypeParam>::broken();
    std::get<model::Expectation>(stage.evidence.steps.back().step.what).when =
        model::Expectation::When::never;
    const auto finding = stage.finding();
    EXPECT_EQ(finding.outcome, is_sound ? Outcome::failed : Outcome::passed) << text(finding);
  }
}

}  // namespace
}  // namespace lblab::test
