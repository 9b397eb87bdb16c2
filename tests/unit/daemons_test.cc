#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ip_vs.h>

#include <regex>

#include "fixtures/addresses.hpp"
#include "lab/daemons/exabgp.hpp"
#include "lab/daemons/fibd.hpp"
#include "lab/daemons/gobgpd.hpp"
#include "lab/daemons/lbd.hpp"
#include "lab/daemons/nginx.hpp"
#include "lbcore/daemon/config.hpp"
#include "lbcore/dataplane/abilities.hpp"
#include "lbcore/endpoints/slice.hpp"

namespace lblab::daemons {
namespace {

using lblab::fixtures::ip;
using model::Health;
using model::LoadBalancers;
using testing::HasSubstr;
using testing::Not;

model::Service service() {
  return {.name = "web",
          .addresses = *Prefix::parse("10.1.1.0/24"),
          .port = 8080,
          .load_balancers = LoadBalancers{.hold_time = milliseconds{9'000}}};
}

lbd::Config two_endpoints() {
  return {.mark = 7,
          .next_hop = ip("10.0.0.105"),
          .endpoints = {{"web-1", "node1", ip("172.16.1.2")}, {"web-2", "node2", ip("172.16.2.2")}}};
}

/// lbd's own reader is the oracle of what the lab writes for it.
lbcore::ServiceSettings read_by_lbd(const model::Service& service, lbcore::Settings* all = nullptr) {
  const auto program = lbd::balancer(service, two_endpoints());
  const auto parsed = lbcore::daemon::parse(program.files.at(0).text);
  for (const auto& mistake : parsed.mistakes)
    ADD_FAILURE() << format(mistake, "lbd.yaml") << "\n" << program.files[0].text;
  if (all) *all = parsed.settings;
  return parsed.settings.services.empty() ? lbcore::ServiceSettings{} : parsed.settings.services.at(0);
}

TEST(Lbd, ReadsWhatTheTopologySays) {
  auto web = service();
  web.load_balancers->scheduler = "mh";
  web.load_balancers->drain_limit = milliseconds{1'500};
  lbcore::Settings all;
  const auto read = read_by_lbd(web, &all);
  EXPECT_EQ(all.drain_limit, milliseconds{1'500});
  EXPECT_EQ(all.announce_socket, lbd::announce_socket);
  EXPECT_EQ(all.control, lbd::control_socket);
  EXPECT_EQ(read.addresses.str(), "10.1.1.0/24");
  EXPECT_EQ(read.port, 8080);
  EXPECT_EQ(read.mark, 7u);
  EXPECT_EQ(read.scheduler, "mh");
  EXPECT_EQ(read.endpoints, "/run/lbd/endpoints/web.json");
  ASSERT_TRUE(read.announce);
  EXPECT_EQ(read.announce->prefix.str(), "10.1.1.0/24");
  EXPECT_EQ(read.announce->next_hop.str(), "10.0.0.105");
}

TEST(Lbd, ReadsEveryKindWithItsOwnScheduler) {
  const std::map<std::string, std::pair<std::string, std::set<std::string>>> kinds{
      {"ipvs", {"lc", {"ipvs", "nftables", "program:lbd"}}},
      {"nftables", {"random", {"nftables", "program:lbd"}}},
      {"iptables", {"random", {"program:iptables-restore", "program:lbd"}}},
      {"nginx", {"rr", {"program:nginx", "program:lbd"}}},
      {"keepalived", {"lc", {"ipvs", "nftables", "program:keepalived", "program:lbd"}}}};
  for (const auto& [kind, has] : kinds) {
    auto web = service();
    web.load_balancers->kind = kind;
    lbcore::Settings all;
    EXPECT_EQ(read_by_lbd(web, &all).scheduler, has.first) << kind;
    EXPECT_EQ(lbcore::dataplane::name(all.dataplane), kind);
    EXPECT_EQ(lbd::balancer(web, two_endpoints()).process.needs, has.second) << kind;
  }
}

TEST(Lbd, ReadsXdpWhichServesARangeByAddress) {
  auto web = service();
  web.udp = true;
  web.load_balancers->kind = "xdp";
  web.load_balancers->forwarding = LoadBalancers::Forwarding::tunnel;
  lbcore::Settings all;
  const auto read = read_by_lbd(web, &all);
  EXPECT_EQ(all.dataplane, lbcore::DataplaneKind::xdp);
  EXPECT_EQ(all.interface, "") << "that of the default route";
  EXPECT_EQ(read.mark, 0u);
  EXPECT_EQ(read.scheduler, "mh");
  EXPECT_EQ(read.forwarding, lbcore::Forwarding::tunnel);
  EXPECT_EQ(all.services.at(1).protocol, lbcore::Protocol::udp);
  EXPECT_EQ(lbd::balancer(web, two_endpoints()).process.needs,
            (std::set<std::string>{"ipip", "program:lbd", "xdp"}));
}

TEST(Lbd, ReadsWhatIsAskedOfIpvs) {
  auto web = service();
  web.udp = true;
  web.load_balancers->scheduler = "mh";
  web.load_balancers->ipvs = {.scheduler_flags = {"mh-port", "mh-fallback"},
                              .persistence = milliseconds{90'000},
                              .upper = 9,
                              .lower = 5,
                              .one_packet = true,
                              .tcp = milliseconds{7'000},
                              .udp = milliseconds{8'000},
                              .sloppy_tcp = true};
  lbcore::Settings all;
  const auto tcp = read_by_lbd(web, &all);
  EXPECT_EQ(all.ipvs, (lbcore::IpvsSettings{.timeouts = {.tcp_s = 7, .udp_s = 8}, .sloppy_tcp = true}));
  EXPECT_EQ(tcp.flags, IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2);
  EXPECT_EQ(tcp.persistence_s, 90u);
  EXPECT_EQ(tcp.thresholds, (lbcore::Thresholds{.upper = 9, .lower = 5}));
  ASSERT_EQ(all.services.size(), 2u);
  EXPECT_EQ(all.services[1].flags, tcp.flags | IP_VS_SVC_F_ONEPACKET) << "only datagrams are single packets";
}

TEST(Lbd, TakesASingleAddressByAddressAndARangeByMark) {
  auto web = service();
  web.addresses = *Prefix::parse("10.1.1.1/32");
  EXPECT_EQ(read_by_lbd(web).mark, 0u);
}

TEST(Lbd, ReadsEveryForwardingModeAndMasqueradesNatOnly) {
  const std::pair<LoadBalancers::Forwarding, lbcore::Forwarding> modes[] = {
      {LoadBalancers::Forwarding::nat, lbcore::Forwarding::nat},
      {LoadBalancers::Forwarding::direct, lbcore::Forwarding::direct},
      {LoadBalancers::Forwarding::tunnel, lbcore::Forwarding::tunnel}};
  for (const auto& [ours, theirs] : modes) {
    auto web = service();
    web.load_balancers->forwarding = ours;
    EXPECT_EQ(read_by_lbd(web).forwarding, theirs);
    EXPECT_EQ(read_by_lbd(web).masquerade, theirs == lbcore::Forwarding::nat);
  }
}

TEST(Lbd, ReadsEveryKindOfHealthCheck) {
  auto web = service();
  auto& health = web.load_balancers->health;
  EXPECT_EQ(read_by_lbd(web).health.port, 8080);
  health = {.kind = Health::Kind::http,
            .port = 81,
            .path = "/a?b=\"c\": {d}",
            .interval = milliseconds{750},
            .timeout = milliseconds{250},
            .rise = 2,
            .fall = 4};
  const auto read = read_by_lbd(web).health;
  EXPECT_EQ(read.kind, lbcore::HealthCheck::Kind::http);
  EXPECT_EQ(read.port, 81);
  EXPECT_EQ(read.path, "/a?b=\"c\": {d}");
  EXPECT_EQ(read.interval, milliseconds{750});
  EXPECT_EQ(read.timeout, milliseconds{250});
  EXPECT_EQ(read.rise, 2);
  EXPECT_EQ(read.fall, 4);
  health = {.kind = Health::Kind::none};
  EXPECT_EQ(read_by_lbd(web).health.kind, lbcore::HealthCheck::Kind::none);
}

TEST(Lbd, ReadsTheEndpoints) {
  const auto program = lbd::balancer(service(), two_endpoints());
  const auto read = lbcore::endpoints::read_slices(program.files.at(1).text, {});
  EXPECT_TRUE(read.mistakes.empty());
  ASSERT_EQ(read.endpoints.size(), 2u);
  EXPECT_EQ(read.endpoints[1].address, ip("172.16.2.2"));
  EXPECT_EQ(read.endpoints[1].port, 8080);
}

TEST(Lbd, ReadsThatThereAreNoEndpoints) {
  auto none = two_endpoints();
  none.endpoints.clear();
  const auto program = lbd::balancer(service(), none);
  const auto read = lbcore::endpoints::read_slices(program.files.at(1).text, {});
  EXPECT_TRUE(read.mistakes.empty()) << program.files[1].text;
  EXPECT_TRUE(read.endpoints.empty());
}

TEST(Lbd, IsGivenItsDrainTimeBeforeItIsKilled) {
  auto web = service();
  web.load_balancers->drain_limit = milliseconds{10'000};
  EXPECT_GT(lbd::balancer(web, two_endpoints()).process.stop_grace, milliseconds{10'000});
}

TEST(Exabgp, OffersWholeSecondsAndNeverLessThanAsked) {
  BgpAnnouncer config{
      .local = ip("172.16.1.4"), .peers = {ip("10.0.0.109")}, .hold_time = milliseconds{3'200}};
  EXPECT_THAT(exabgp::announcer(config).files.at(0).text, HasSubstr("hold-time 4;"));
}

TEST(Exabgp, HasANeighbourForEachReflector) {
  BgpAnnouncer config{.local = ip("172.16.1.4"), .peers = {ip("10.0.0.108"), ip("10.0.0.109")}};
  const auto text = exabgp::announcer(config).files.at(0).text;
  EXPECT_THAT(text, HasSubstr("neighbor 10.0.0.108 {"));
  EXPECT_THAT(text, HasSubstr("neighbor 10.0.0.109 {"));
}

TEST(Exabgp, IsReadyWhenItSaysThatTheSessionStands) {
  const auto ready =
      exabgp::announcer({.local = ip("172.16.1.4"), .peers = {ip("10.0.0.109")}}).process.ready;
  const std::regex pattern(ready.pattern);
  EXPECT_TRUE(std::regex_search(
      "00:38:33 | 14     | reactor         | connected to peer-1 with outgoing-1 172.16.1.4-10.0.0.109",
      pattern));
  EXPECT_FALSE(std::regex_search(
      "00:38:33 | 14     | reactor         | loaded new configuration successfully", pattern));
}

TEST(Gobgpd, IsReadyWhenItHasTakenItsLastNeighbour) {
  const auto program =
      gobgpd::router({{.router_id = ip("10.0.0.110")}, {ip("10.0.0.108"), ip("10.0.0.109")}, {}});
  const std::regex pattern(program.process.ready.pattern);
  const std::string line =
      R"(time="2026-11-22T00:51:02Z" level=info msg="Add a peer configuration" Key=10.0.0.)";
  EXPECT_FALSE(std::regex_search(line + "108 Topic=Peer", pattern));
  EXPECT_TRUE(std::regex_search(line + "109 Topic=Peer", pattern));
}

TEST(Gobgpd, OfAReflectorHasOnlyTheRoutersForClients) {
  const auto text =
      gobgpd::reflector(
          {{.router_id = ip("10.0.0.109")}, *Prefix::parse("172.16.0.0/16"), {ip("10.0.0.110")}})
          .files.at(0)
          .text;
  const auto neighbours = text.find("neighbors:\n  - config");
  ASSERT_NE(neighbours, std::string::npos);
  EXPECT_THAT(text.substr(0, neighbours), Not(HasSubstr("route-reflector-client")));
  EXPECT_THAT(text.substr(neighbours), HasSubstr("route-reflector-client: true"));
}

TEST(Gobgpd, SendsKeepalivesThreeTimesAHoldTimeAndAtLeastEverySecond) {
  EXPECT_EQ(keepalive_seconds(milliseconds{9'000}), 3);
  EXPECT_EQ(keepalive_seconds(milliseconds{3'000}), 1);
  EXPECT_EQ(keepalive_seconds(milliseconds{1'000}), 1);
}

TEST(Fibd, WaitsForTheGobgpdThatItFollows) {
  const auto process = fibd::beside_gobgpd(milliseconds{60'000}, model::NexthopGroups::plain).process;
  EXPECT_THAT(process.argv, testing::ElementsAre("fibd", "--api", "127.0.0.1:50051", "--stale", "60s"));
  EXPECT_THAT(process.after, testing::ElementsAre("gobgpd"));
}

TEST(Fibd, MakesResilientGroupsWhereTheKernelHasThem) {
  const auto process = fibd::beside_gobgpd(milliseconds{60'000}, model::NexthopGroups::resilient).process;
  EXPECT_THAT(process.argv, testing::ElementsAre("fibd", "--api", "127.0.0.1:50051", "--stale", "60s",
                                                 "--groups", "resilient"));
  EXPECT_EQ(process.needs.count("resilient-nexthop"), 1u);
}

TEST(Nginx, AnswersWithAnAddressOfAtMost15Bytes) {
  const auto text = nginx::web(ip("172.16.100.254"), 8080).files.at(0).text;
  EXPECT_THAT(text, HasSubstr("return 200 \"172.16.100.254\";"));
  EXPECT_THAT(text, HasSubstr("listen 8080 "));
}

}  // namespace
}  // namespace lblab::daemons
