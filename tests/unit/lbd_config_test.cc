#include <gmock/gmock.h>
#include <linux/ip_vs.h>

#include "lab/sys/fd.hpp"
#include "lbcore/daemon/config.hpp"

namespace lbcore::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

std::vector<std::string> mistakes(std::string_view yaml) {
  std::vector<std::string> lines;
  for (const auto& mistake : parse(yaml).mistakes) lines.push_back(format(mistake, "f"));
  return lines;
}

std::string with_service(const std::string& lines) {
  return "control: /c\nannounce: {socket: /a}\nservices:\n- name: web\n  endpoints: /e\n" + lines;
}

TEST(LbdConfig, TheExampleSaysWhatItsCommentsSay) {
  const auto [settings, wrong] = parse(lblab::sys::read_file(LBLAB_SOURCE_DIR "/lbcore/daemon/example.yaml"));
  ASSERT_THAT(wrong, IsEmpty());
  EXPECT_EQ(settings.control, "/run/lbd/control.sock");
  EXPECT_EQ(settings.announce_socket, "/run/lbd/announce.sock");
  EXPECT_EQ(settings.drain_limit, 5s);
  EXPECT_EQ(settings.settle, 300ms);
  ASSERT_EQ(settings.services.size(), 4u);

  const auto& web = settings.services[0];
  EXPECT_EQ(web.addresses, *Prefix::parse("10.1.1.0/24"));
  EXPECT_EQ(web.mark, 1u);
  EXPECT_TRUE(web.masquerade);
  EXPECT_EQ(web.health, (HealthCheck{HealthCheck::Kind::tcp, 80, "/", 1s, 1s, 1, 3}));
  EXPECT_EQ(web.announce, (Route{*Prefix::parse("10.1.1.0/24"), *Address::parse("10.0.0.105")}));

  EXPECT_EQ(web.thresholds, (Thresholds{.upper = 1000, .lower = 800}));
  EXPECT_EQ(settings.ipvs.timeouts, (Timeouts{900, 120, 300}));
  EXPECT_EQ(settings.ipvs.sloppy_tcp, true);
  EXPECT_EQ(settings.metrics, (Listen{*Address::parse("127.0.0.1"), 9762}));

  const auto& files = settings.services[1];
  EXPECT_EQ(files.forwarding, Forwarding::tunnel);
  EXPECT_FALSE(files.masquerade);
  EXPECT_EQ(files.flags, IP_VS_SVC_F_SCHED2);
  EXPECT_EQ(files.health, (HealthCheck{HealthCheck::Kind::http, 8080, "/healthz", 500ms, 500ms, 2, 2}));

  EXPECT_EQ(settings.services[2].flags, IP_VS_SVC_F_ONEPACKET);
  EXPECT_EQ(settings.services[3].persistence_s, 300u);
  EXPECT_EQ(settings.services[3].health.kind, HealthCheck::Kind::tcp);
}

TEST(LbdConfig, EveryMistakeIsFoundAtOnceAtItsPlace) {
  EXPECT_THAT(
      mistakes("control: /c\n"
               "services:\n"
               "- name: web\n"
               "  adresses: 10.1.1.0/24\n"
               "  addresses: 10.1.1.7/24\n"
               "  port: 99999\n"
               "  scheduler: wlcc\n"
               "  endpoints: /e\n"
               "  endpoints: /f\n"
               "  health: {tcp: http, interval: 5, rise: 0}\n"
               "drain-limit: -1s\n"),
      ElementsAre(
          "f:4:3: unknown key 'adresses' in the service; did you mean 'addresses'?",
          "f:5:14: addresses 10.1.1.7/24 has host bits; did you mean 10.1.1.0/24?",
          "f:6:9: port 99999 is out of range; give a number from 1 to 65535",
          "f:7:14: unknown scheduler 'wlcc'; did you mean 'wlc'?",
          "f:9:3: key 'endpoints' is given twice in the service; keep one",
          "f:10:17: tcp is not a whole number; give a number from 1 to 65535",
          "f:10:33: interval is not a duration; write it like 250ms, 1s or 2m, and more than zero",
          "f:10:42: rise 0 is out of range; give a number from 1 to 1000",
          "f:11:14: drain-limit is not a duration; write it like 250ms, 1s or 2m, and more than zero"));
}

TEST(LbdConfig, WhatIsMissingIsNamed) {
  EXPECT_THAT(mistakes("services:\n- {name: web}\n"),
              ElementsAre("f:1:1: the configuration has no 'control'; add 'control: …'",
                          "f:2:3: the service has no 'addresses'; add 'addresses: …'",
                          "f:2:3: the service has no 'port'; add 'port: …'",
                          "f:2:3: the service has no 'endpoints'; add 'endpoints: …'"));
}

TEST(LbdConfig, ServicesMustNotMeet) {
  EXPECT_THAT(mistakes("control: /c\n"
                       "announce: {socket: /a}\n"
                       "services:\n"
                       "- {name: a, addresses: 10.1.0.0/16, port: 80, mark: 1, endpoints: /e,\n"
                       "   announce: {route: 10.1.0.0/16, next-hop: 10.0.0.1}}\n"
                       "- {name: a, addresses: 10.1.1.0/24, port: 80, mark: 1, endpoints: /e}\n"
                       "- {name: c, addresses: 10.1.0.0/16, port: 443, mark: 2, endpoints: /e,\n"
                       "   announce: {route: 10.1.0.0/16, next-hop: 10.0.0.2}}\n"
                       "- {name: d, addresses: 'fd00::/64', port: 80, mark: 1, endpoints: /e}\n"),
              ElementsAre("f:6:10: the name 'a' is taken; see line 4",
                          "f:6:24: 10.1.1.0/24 overlaps 10.1.0.0/16 of 'a' on the same port; see line 4",
                          "f:6:53: mark 1 is taken by 'a'; see line 4",
                          "f:8:14: route 10.1.0.0/16 has another next hop in 'a': 10.0.0.1; see line 4"));
}

TEST(LbdConfig, WhatDoesNotFitTogetherInAServiceIsAMistake) {
  EXPECT_THAT(
      mistakes(with_service("  addresses: 10.1.1.0/24\n  port: 80\n")),
      ElementsAre(
          "f:6:14: the range 10.1.1.0/24 has no mark; a range is served by firewall mark: add 'mark: 1'"));
  EXPECT_THAT(
      mistakes(with_service("  addresses: 10.1.1.1\n  port: 80\n  forwarding: direct\n  masquerade: true\n")),
      ElementsAre("f:9:15: masquerade goes with forwarding: nat; in the other modes real servers answer the "
                  "client directly"));
  EXPECT_THAT(mistakes(with_service("  addresses: 10.1.1.1\n  port: 80\n  protocol: udp\n")),
              ElementsAre("f:8:13: the service is not TCP and has no 'health'; a TCP connection is tried "
                          "unless you say otherwise"));
  EXPECT_THAT(
      mistakes(with_service(
          "  addresses: 10.1.1.1\n  port: 80\n  announce: {route: 10.9.0.0/24, next-hop: fd00::1}\n")),
      ElementsAre("f:8:13: next hop fd00::1 is not of the family of 10.9.0.0/24",
                  "f:8:13: route 10.9.0.0/24 does not lead to 10.1.1.1/32"));
  EXPECT_THAT(
      mistakes(with_service("  addresses: 10.1.1.1\n  port: 80\n  health: {interval: 1s, timeout: 2s}\n")),
      ElementsAre(
          "f:8:11: health says not which check to make; give one of tcp: PORT, http: PATH, none: true",
          "f:8:35: timeout is longer than the interval; checks would overlap"));
}

TEST(LbdConfig, WhatIpvsCannotDoIsAMistake) {
  const std::string web = "  addresses: 10.1.1.1\n  port: 80\n";
  EXPECT_THAT(mistakes(with_service(web + "  scheduler: rr\n  scheduler-flags: [mh-port]\n")),
              ElementsAre("f:9:21: mh-port is no flag of scheduler rr; write scheduler: mh"));
  EXPECT_THAT(mistakes(with_service(web + "  scheduler: mh\n  scheduler-flags: [mh-port, mh-fallback]\n")),
              IsEmpty());
  EXPECT_THAT(mistakes(with_service(web + "  one-packet: true\n")),
              ElementsAre("f:8:15: one-packet scheduling is UDP's; write protocol: udp, or leave it out"));
  EXPECT_THAT(mistakes(with_service(web + "  thresholds: {lower: 5}\n")),
              ElementsAre("f:8:15: thresholds has no 'upper'; add 'upper: …'"));
  EXPECT_THAT(mistakes(with_service(web + "  thresholds: {upper: 5, lower: 6}\n")),
              ElementsAre("f:8:33: lower 6 is above upper 5; a real server that is full takes connections "
                          "again below 'lower'"));
  EXPECT_THAT(mistakes(with_service(web + "  thresholds: {upper: 0}\n")),
              ElementsAre("f:8:23: upper 0 is out of range; give a number from 1 to 2147483647"));
  EXPECT_THAT(mistakes(with_service(web + "  persistence: 1500ms\n")),
              ElementsAre("f:8:16: persistence is not in whole seconds; the kernel counts it in seconds"));
}

TEST(LbdConfig, WhatIsAskedOfIpvsIsCheckedWhereItStands) {
  const std::string web = with_service("  addresses: 10.1.1.1\n  port: 80\n");
  EXPECT_THAT(mistakes(web + "ipvs: {timeouts: {tcp: 1500ms, fin: 2s, udp: 50000m}, sloppy-tcp: 2}\n"),
              ElementsAre("f:8:24: tcp is not in whole seconds; the kernel counts it in seconds",
                          "f:8:32: unknown key 'fin' in timeouts; known: tcp, tcpfin, udp",
                          "f:8:46: udp is too long for the kernel; give at most 2000000s",
                          "f:8:67: sloppy-tcp is neither true nor false"));
  const auto some = parse(web + "ipvs: {timeouts: {udp: 30s}}\n").settings.ipvs;
  EXPECT_EQ(some, (IpvsSettings{.timeouts = {.udp_s = 30}}));
  EXPECT_THAT(mistakes("dataplane: nginx\n" + web + "ipvs: {sloppy-tcp: true}\n"),
              ElementsAre("f:9:7: 'ipvs' beside dataplane nginx; leave it out"));
}

TEST(LbdConfig, MetricsAreHadAtAnAddressAndAPort) {
  const std::string web = with_service("  addresses: 10.1.1.1\n  port: 80\n");
  EXPECT_EQ(parse(web + "metrics: '[::1]:9100'\n").settings.metrics, (Listen{*Address::parse("::1"), 9100}));
  for (const char* wrong : {"9100", "127.0.0.1", "'127.0.0.1:'", "127.0.0.1:0", "127.0.0.1:65536",
                            "localhost:80", "'::1:9100'", "'[127.0.0.1]:80'", "127.0.0.1:80x", "[]"})
    EXPECT_THAT(mistakes(web + "metrics: " + wrong + "\n"),
                ElementsAre("f:8:10: metrics is not an address and a port; write it like 127.0.0.1:9100 or "
                            "[::1]:9100"))
        << wrong;
}

std::string carried_by(const std::string& dataplane, const std::string& lines) {
  return "dataplane: " + dataplane + "\n" + with_service("  addresses: 10.1.1.1\n  port: 80\n" + lines);
}

TEST(LbdConfig, EachDataplaneHasItsSchedulersAndADefault) {
  const auto scheduler = [](const std::string& yaml) {
    return parse(yaml).settings.services.at(0).scheduler;
  };
  EXPECT_EQ(scheduler(carried_by("ipvs", "")), "lc");
  EXPECT_EQ(scheduler(carried_by("nftables", "")), "random");
  EXPECT_EQ(scheduler(carried_by("iptables", "  scheduler: rr\n")), "rr");
  EXPECT_EQ(scheduler(carried_by("nginx", "")), "rr");
  EXPECT_THAT(mistakes(carried_by("iptables", "  scheduler: sh\n")),
              ElementsAre("f:9:14: unknown scheduler 'sh'; known: random, rr"));
  EXPECT_EQ(parse(with_service("  addresses: 10.1.1.1\n  port: 80\n") + "dataplane: nginx\n")
                .settings.services[0]
                .scheduler,
            "rr")
      << "wherever it stands";
  EXPECT_THAT(mistakes(carried_by("nftable", "")),
              ElementsAre(testing::HasSubstr("did you mean 'nftables'?")));
}

TEST(LbdConfig, WhatADataplaneCannotDoIsAMistake) {
  EXPECT_THAT(
      mistakes(carried_by("nftables", "  forwarding: tunnel\n  persistence: 5s\n  thresholds: {upper: 9}\n")),
      ElementsAre(
          "f:9:15: dataplane nftables only rewrites packets; write forwarding: nat, or dataplane: ipvs",
          "f:10:16: 'persistence' is IPVS's, and the dataplane is nftables; leave it out, or write "
          "dataplane: ipvs",
          "f:11:15: 'thresholds' is IPVS's, and the dataplane is nftables; leave it out, or write "
          "dataplane: ipvs"));
  EXPECT_THAT(
      mistakes(carried_by("nginx", "  protocol: udp\n  masquerade: false\n  health: {none: true}\n")),
      ElementsAre("f:9:13: dataplane nginx is TCP's only; write protocol: tcp",
                  "f:10:15: dataplane nginx opens connections of its own; real servers always see this "
                  "machine: leave it out"));
  EXPECT_THAT(
      mistakes(carried_by("keepalived", "  health: {http: '/a b', rise: 2}\n")),
      ElementsAre(
          "f:9:11: dataplane keepalived takes a real server up at once; leave rise out, or write "
          "dataplane: ipvs",
          "f:9:11: dataplane keepalived cannot ask for this path; blanks, quotes and the signs \\ # ! "
          "{ } $ @ ~ have a meaning of their own in its file"));
  EXPECT_THAT(mistakes("dataplane: iptables\n" + with_service("  addresses: fd00::1\n  port: 80\n")),
              ElementsAre("f:7:14: an IPv6 service, and iptables is IPv4 here"));
}

TEST(LbdConfig, XdpServesRangesByAddressAndTunnelsUnlessToldOtherwise) {
  const auto [settings, wrong] =
      parse("dataplane: xdp\ninterface: eth1\n" + with_service("  addresses: 10.1.1.0/24\n  port: any\n"));
  EXPECT_THAT(wrong, IsEmpty());
  EXPECT_EQ(settings.interface, "eth1");
  const auto& web = settings.services.at(0);
  EXPECT_EQ(web.mark, 0u);
  EXPECT_EQ(web.port, 0);
  EXPECT_EQ(web.scheduler, "mh");
  EXPECT_EQ(web.forwarding, Forwarding::tunnel);
  EXPECT_FALSE(web.masquerade);
  EXPECT_EQ(parse(carried_by("xdp", "  forwarding: direct\n")).settings.services.at(0).forwarding,
            Forwarding::direct);
}

TEST(LbdConfig, WhatXdpCannotDoIsAMistake) {
  EXPECT_THAT(
      mistakes(carried_by("xdp", "  forwarding: nat\n  mark: 1\n")),
      ElementsAre("f:9:15: dataplane xdp does not rewrite packets; write forwarding: tunnel or direct, "
                  "or dataplane: ipvs",
                  "f:10:9: dataplane xdp knows no firewall marks; leave it out: a range is served by "
                  "its addresses"));
  EXPECT_THAT(mistakes(carried_by("xdp", "  scheduler: rr\n")),
              ElementsAre("f:9:14: unknown scheduler 'rr'; known: mh"));
  EXPECT_THAT(
      mistakes(carried_by("xdp", "  masquerade: true\n")),
      ElementsAre("f:9:15: masquerade goes with forwarding: nat; in the other modes real servers answer "
                  "the client directly"));
  EXPECT_THAT(mistakes("interface: eth0\n" + with_service("  addresses: 10.1.1.1\n  port: any\n")),
              ElementsAre("f:1:12: 'interface' is xdp's, and the dataplane is ipvs; leave it out, or write "
                          "dataplane: xdp",
                          "f:8:9: dataplane ipvs takes one port; write its number, or dataplane: xdp"));
}

TEST(LbdConfig, ARouteNeedsSomethingToAnnounceItWith) {
  EXPECT_THAT(
      mistakes("control: /c\nservices:\n- {name: a, addresses: 10.1.1.1, port: 80, endpoints: /e,\n"
               "   announce: {route: 10.1.1.1, next-hop: 10.0.0.1}}\n"),
      ElementsAre(
          "f:4:14: there is nothing to announce with; add 'announce: {socket: …}' beside 'services'"));
}

TEST(LbdConfig, TextThatIsNoConfigurationIsAMistakeToo) {
  EXPECT_THAT(mistakes(""), ElementsAre("f: is empty; one mapping is expected"));
  EXPECT_THAT(mistakes("- a\n"),
              ElementsAre("f:1:1: the configuration is not a mapping; write 'key: value' lines"));
  EXPECT_THAT(mistakes("a: [1\n"), ElementsAre(testing::StartsWith("f:2:1: ")));
  EXPECT_EQ(mistakes(std::string(1 << 20, '[')).size(), 1u);
}

}  // namespace
}  // namespace lbcore::daemon
