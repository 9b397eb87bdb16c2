#include "tests/kernel/announce_fixture.hpp"

namespace lbcore::announce {
namespace {

constexpr const char* exabgp_conf = R"(
process lbd-announce {
    run /usr/bin/env lbd-announce --socket FOLDER/announce.sock --limit 1500ms;
    encoder json;
}
neighbor 10.0.0.1 {
    router-id 10.0.0.2;
    local-address 10.0.0.2;
    local-as 65021;
    peer-as 65021;
    hold-time 9;
    family { ipv4 unicast; }
    api { processes [ lbd-announce ]; neighbor-changes; }
}
)";

class Exabgp : public Announce {
 protected:
  void start_exabgp() {
    std::string conf = exabgp_conf;
    conf.replace(conf.find("FOLDER"), 6, folder_);
    write("exabgp.conf", conf);
    agent_ = spawn({"exabgp", folder_ + "/exabgp.conf"});
  }
};

TEST_F(Exabgp, SetsOfRoutesBecomeThoseOfTheNeighbour) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24"), route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; })) << testing::PrintToString(log_);
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24", "added 10.1.2.0/24"));
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {route("10.1.1.0/24"), route("10.1.2.0/24")}, {}, {}});
  }));
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", true}); }));
  EXPECT_THAT(output_of({"birdc", "-s", folder_ + "/bird.ctl", "show route 10.1.1.0/24 all"}, ns_),
              HasSubstr("BGP.next_hop: 10.0.0.105"));

  lbd_->set(2, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_EQ(routes().back(), "removed 10.1.1.0/24");
}

TEST_F(Exabgp, LbdMayBeGoneForALittleWhileButNotForLonger) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 1; }));

  kill_lbd();
  start_lbd();
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Session{"10.0.0.1", true});
  })) << "a new lbd is told the sessions";
  lbd_->set(1, {route("10.1.1.0/24")});
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {}, {}, {}});
  })) << "nothing was to be done";
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24"));

  kill_lbd();
  const auto gone = steady_clock::now();
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; }));
  EXPECT_EQ(routes().back(), "removed 10.1.1.0/24");
  EXPECT_GE(steady_clock::now() - gone, 1500ms) << "its limit";
  EXPECT_LT(steady_clock::now() - gone, 4s);

  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_EQ(routes().back(), "added 10.1.1.0/24");
}

TEST_F(Exabgp, AHelperThatFollowsOneThatWasKilledTakesBackWhatIsNoLongerWanted) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24"), route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; }));

  const Fd killed = lbd_->helper_process();
  check("kill the helper",
        static_cast<int>(::syscall(SYS_pidfd_send_signal, killed.get(), SIGKILL, nullptr, 0)));
  ASSERT_TRUE(run_until([&] { return !lbd_->helper; }));
  ASSERT_TRUE(run_until([&] { return lbd_->helper.has_value(); })) << "exabgp starts another";
  lbd_->set(1, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24", "added 10.1.2.0/24", "removed 10.1.1.0/24"));
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Acknowledged{1, {}, {route("10.1.1.0/24")}, {}}); }));
}

TEST_F(Exabgp, EndsWithItsExabgp) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 1; }));
  agent_->signal(SIGKILL);
  EXPECT_TRUE(run_until([&] { return !lbd_->helper; }));
  EXPECT_TRUE(run_until([&] { return routes().size() == 2; })) << "its host closed the session";
}

TEST_F(Exabgp, SessionsThatGoDownAreTold) {
  start_bird();
  start_exabgp();
  start_lbd();
  ASSERT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", true}); }));
  output_of({"birdc", "-s", folder_ + "/bird.ctl", "disable announcer"}, ns_);
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", false}); }));
}

}  // namespace
}  // namespace lbcore::announce
