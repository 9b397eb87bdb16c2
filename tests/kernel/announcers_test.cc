#include "tests/kernel/announce_fixture.hpp"

/// The agents beside which lbd-announce runs by itself.
namespace lbcore::announce {
namespace {

struct With {
  std::string name, configuration;
  std::vector<std::string> agent, helper;  // FOLDER stands for the test's
};

void PrintTo(const With& agent, std::ostream* out) { *out << agent.name; }

const With bird{.name = "bird",
                .configuration = R"(
router id 10.0.0.2;
log stderr all;
protocol device {}
protocol static announced {
  ipv4;
  include "FOLDER/announced*.conf";
}
protocol bgp upstream1 {
  local 10.0.0.2 as 65021;
  neighbor 10.0.0.1 as 65021;
  multihop; strict bind yes;
  connect delay time 0; connect retry time 1; error wait time 1, 2;
  debug { states, events };
  ipv4 { import none; export where source = RTS_STATIC; next hop keep; };
}
)",
                .agent = {"bird", "-f", "-c", "FOLDER/agent.conf", "-s", "FOLDER/agent.ctl"},
                .helper = {"--at", "FOLDER/agent.ctl", "--routes", "FOLDER/announced.conf"}};

const With frr{.name = "frr",
               .configuration = R"(
log file FOLDER/own/bgpd.log informational
router bgp 65021
 bgp router-id 10.0.0.2
 bgp log-neighbor-changes
 bgp graceful-restart-disable
 no bgp network import-check
 neighbor 10.0.0.1 remote-as 65021
 neighbor 10.0.0.1 update-source 10.0.0.2
 neighbor 10.0.0.1 timers 3 9
 neighbor 10.0.0.1 timers connect 1
)",
               .agent = {"/usr/lib/frr/bgpd", "-f", "FOLDER/agent.conf", "-i", "FOLDER/own/bgpd.pid",
                         "--vty_socket", "FOLDER/own", "-P", "0", "-l", "10.0.0.2", "--no_zebra"},
               .helper = {"--at", "FOLDER/own/bgpd.vty", "--log", "FOLDER/own/bgpd.log"}};

const With gobgp{.name = "gobgp",
                 .configuration = R"(
global: {config: {as: 65021, router-id: 10.0.0.2, local-address-list: [10.0.0.2]}}
neighbors:
  - config: {neighbor-address: 10.0.0.1, peer-as: 65021}
    transport: {config: {local-address: 10.0.0.2}}
    afi-safis: [{config: {afi-safi-name: ipv4-unicast}}]
)",
                 .agent = {"gobgpd", "-t", "yaml", "-f", "FOLDER/agent.conf", "--api-hosts",
                           "127.0.0.1:50051", "--pprof-disable"},
                 .helper = {"--at", "127.0.0.1:50051"}};

class Announcers : public Announce, public testing::WithParamInterface<With> {
 protected:
  void start_agent() {
    write("agent.conf", in_folder(GetParam().configuration));
    agent_ = spawn(in_folder(GetParam().agent));
  }

  void start_helper() {
    std::vector<std::string> argv{"lbd-announce", "--socket", "FOLDER/announce.sock", "--limit",
                                  "1500ms",       "--to",     GetParam().name};
    argv.insert(argv.end(), GetParam().helper.begin(), GetParam().helper.end());
    helper_ = spawn(in_folder(argv));
  }

  std::string in_folder(std::string text) const {
    const std::string mark = "FOLDER";
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark))
      text.replace(at, mark.size(), folder_);
    return text;
  }

  std::vector<std::string> in_folder(std::vector<std::string> words) const {
    for (auto& word : words) word = in_folder(word);
    return words;
  }
};

TEST_P(Announcers, SayWhatLbdSaysWhoeverOfTheThreeIsLostAndComesBack) {
  start_bird();
  start_agent();
  start_helper();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24"), route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; })) << testing::PrintToString(log_);
  EXPECT_THAT(routes(), testing::UnorderedElementsAre("added 10.1.1.0/24", "added 10.1.2.0/24"));
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {route("10.1.1.0/24"), route("10.1.2.0/24")}, {}, {}});
  }));
  // gobgp's client tells of no change.
  if (GetParam().name != "gobgp") {
    EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", true}); }));
  }
  EXPECT_THAT(output_of({"birdc", "-s", folder_ + "/bird.ctl", "show route 10.1.1.0/24 all"}, ns_),
              HasSubstr("BGP.next_hop: 10.0.0.105"));

  lbd_->set(2, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_EQ(routes().back(), "removed 10.1.1.0/24");

  helper_.reset();
  ASSERT_TRUE(run_until([&] { return !lbd_->helper; }));
  start_helper();
  ASSERT_TRUE(run_until([&] { return lbd_->helper.has_value(); }));
  lbd_->heard.clear();
  lbd_->set(1, {route("10.1.2.0/24")});
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {}, {}, {}});
  })) << "nothing was to be done";

  kill_lbd();
  const auto gone = steady_clock::now();
  ASSERT_TRUE(run_until([&] { return routes().size() == 4; }));
  EXPECT_EQ(routes().back(), "removed 10.1.2.0/24");
  EXPECT_GE(steady_clock::now() - gone, 1500ms) << "its limit";
  start_lbd();
  lbd_->set(1, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 5; }));
  EXPECT_EQ(routes().back(), "added 10.1.2.0/24");

  agent_->signal(SIGKILL);
  ASSERT_TRUE(run_until([&] { return routes().size() == 6; }))
      << "its host closed the session" << testing::PrintToString(log_);
  ASSERT_TRUE(run_until([&] { return !lbd_->helper; }));
  start_agent();
  ASSERT_TRUE(run_until([&] { return lbd_->helper.has_value(); }));
  lbd_->set(1, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 7; })) << "the agent has come back";
  EXPECT_EQ(routes().back(), "added 10.1.2.0/24");
}

INSTANTIATE_TEST_SUITE_P(To, Announcers, testing::Values(bird, frr, gobgp),
                         [](const auto& with) { return with.param.name; });

}  // namespace
}  // namespace lbcore::announce
