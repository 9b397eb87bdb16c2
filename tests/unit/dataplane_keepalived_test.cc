#include <gmock/gmock.h>
#include <linux/ip_vs.h>

#include "fixtures/addresses.hpp"
#include "lbcore/dataplane/keepalived_config.hpp"

/// The file that keepalived is given.
namespace lbcore::dataplane::keepalived {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const HealthCheck every_second{.port = 80, .interval = 1s, .timeout = 500ms, .fall = 3};

TEST(KeepalivedConfig, AServiceIsAVirtualServerWithItsRealServersAndTheirChecks) {
  EXPECT_EQ(config({{{net("10.1.1.0/24"), 80, Protocol::tcp, 7, true, every_second}}},
                   {{.key = ByMark{7}, .destinations = {{ip("172.16.1.2"), 80, 2}}}}, {}, "/run/x/told"),
            R"(# Written by lbd.
global_defs {
    lvs_notify_fifo /run/x/told
    rs_init_notifies
}
virtual_server fwmark 7 {
    lb_algo lc
    lb_kind NAT
    delay_loop 1.000
    warmup 0
    real_server 172.16.1.2 80 {
        weight 2
        alpha on
        TCP_CHECK {
            connect_port 80
            connect_timeout 0.500
            retry 2
            delay_before_retry 1.000
        }
    }
}
)");
}

TEST(KeepalivedConfig, AServiceByAddressHasAProtocolAndOneOfIPv6ByMarkAFamily) {
  EXPECT_THAT(
      config({},
             {{.key = ByAddress{ip("fd00::1"), 53, Protocol::udp}, .destinations = {{ip("fd00::2"), 53}}}},
             {}, "f"),
      HasSubstr("virtual_server fd00::1 53 {\n    protocol UDP\n"));
  EXPECT_THAT(config({}, {{.key = ByMark{1, true}, .destinations = {{ip("fd00::2"), 53}}}}, {}, "f"),
              HasSubstr("virtual_server fwmark 1 {\n    ip_family inet6\n"));
}

TEST(KeepalivedConfig, SaysHowAServiceSchedulesAndForwards) {
  const auto text = config({},
                           {{.key = ByMark{1},
                             .scheduler = "mh",
                             .flags = IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET,
                             .persistence_timeout_s = 300,
                             .destinations = {{ip("172.16.1.2"), 80, 1, Forwarding::tunnel}}}},
                           {}, "f");
  EXPECT_THAT(text, HasSubstr("    lb_algo mh\n    lb_kind TUN\n    flag-2\n    ops\n"
                              "    persistence_timeout 300\n"));
}

TEST(KeepalivedConfig, BelievesWhoServedBefore) {
  const Table table{{.key = ByMark{1}, .destinations = {{ip("172.16.1.2"), 80}, {ip("172.16.1.3"), 80}}}};
  const auto text = config({}, table, {{ByMark{1}, ip("172.16.1.3"), 80}}, "f");
  const auto second = text.find("real_server 172.16.1.3");
  EXPECT_THAT(text.substr(0, second), HasSubstr("alpha on"));
  EXPECT_THAT(text.substr(second), Not(HasSubstr("alpha")));
}

TEST(KeepalivedConfig, ChecksByHttpOrNotAtAll) {
  HealthCheck check{.kind = HealthCheck::Kind::http, .port = 81, .path = "/healthz"};
  const auto text = [&] {
    return config({{{net("10.1.1.0/24"), 80, Protocol::tcp, 1, true, check}}},
                  {{.key = ByMark{1}, .destinations = {{ip("172.16.1.2"), 80}}}}, {}, "f");
  };
  EXPECT_THAT(text(), HasSubstr("        HTTP_GET {\n"
                                "            url {\n"
                                "                path /healthz\n"
                                "                status_code 200-399\n"
                                "            }\n"
                                "            connect_port 81\n"));
  check.kind = HealthCheck::Kind::none;
  EXPECT_THAT(text(), Not(HasSubstr("HTTP_GET")));
  EXPECT_THAT(text(), Not(HasSubstr("alpha"))) << "no check would ever take it up";
}

TEST(KeepalivedConfig, AServiceWithoutRealServersIsNoWork) {
  const Table empty{{.key = ByMark{1}}};
  EXPECT_FALSE(has_work(empty));
  EXPECT_THAT(config({}, empty, {}, "f"), Not(HasSubstr("virtual_server")));
}

TEST(KeepalivedConfig, SomePathsCannotBeWritten) {
  EXPECT_TRUE(takes("/healthz?a=b&c=%20"));
  for (const char* path : {"/a b", "/#", "/$x", "/\"", "/{"}) EXPECT_FALSE(takes(path)) << path;
}

}  // namespace
}  // namespace lbcore::dataplane::keepalived
