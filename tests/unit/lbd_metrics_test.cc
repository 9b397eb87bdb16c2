#include <gmock/gmock.h>
#include <linux/ip_vs.h>

#include "fixtures/addresses.hpp"
#include "lbcore/daemon/metrics.hpp"
#include "tests/unit/golden.hpp"

namespace lbcore::daemon {
namespace {

using lblab::fixtures::ip;
using testing::HasSubstr;
using testing::Not;

/// Two services: one with a real server that is up, one that drains and one that is down; one with a name
/// that has to be escaped, drained, and not yet in the table.
struct Sample {
  ServiceSettings web{.name = "web",
                      .addresses = *Prefix::parse("10.1.1.0/24"),
                      .port = 80,
                      .mark = 1,
                      .announce = Route{*Prefix::parse("10.1.1.0/24"), ip("10.0.0.105")}};
  ServiceSettings odd{.name = "a \"b\"\\\n", .addresses = *Prefix::parse("10.1.2.1"), .port = 53};

  Measured measured() const {
    Measured m{.dataplane = "ipvs", .uptime_s = 2.5};
    m.services = {
        {&web,
         nullptr,
         false,
         {{{ip("172.16.1.3"), 80}, {true, "", true}}, {{ip("172.16.1.4"), 80}, {false, "refused", true}}}},
        {&odd, nullptr, true, {{{ip("fd00::3"), 53}, {true, "", true}}}}};
    m.table = {{.key = ByMark{1},
                .destinations = {{.address = ip("172.16.1.3"), .port = 80, .weight = 1},
                                 {.address = ip("172.16.1.5"), .port = 80, .weight = 0}}}};
    m.counters = {
        {.key = ByMark{1},
         .counters =
             {.connections = 7, .packets_in = 70, .packets_out = 60, .bytes_in = 7000, .bytes_out = 6000},
         .destinations = {{.address = ip("172.16.1.3"),
                           .port = 80,
                           .counters = {.connections = 5, .packets_in = 50, .bytes_in = 5000},
                           .active = 2,
                           .inactive = 3}}}};
    m.announced = {*web.announce};
    m.helper_is_connected = true;
    m.sessions = {{"10.0.0.109", true}, {"10.0.0.108", false}};
    return m;
  }
};

TEST(LbdMetrics, AreWhatPrometheusReads) {
  // ctest's unit.metrics gives the same text to Prometheus's own parser.
  lblab::test::expect_golden("lbd/metrics.txt", metrics_text(Sample().measured()));
}

TEST(LbdMetrics, ARouteThatIsNotAcknowledgedIsNotAnnounced) {
  const Sample sample;
  auto measured = sample.measured();
  const char* const announced =
      "lbd_service_announced{service=\"web\",route=\"10.1.1.0/24\",next_hop=\"10.0.0.105\"} ";
  EXPECT_THAT(metrics_text(measured), HasSubstr(announced + std::string("1\n")));
  measured.announced.clear();
  EXPECT_THAT(metrics_text(measured), HasSubstr(announced + std::string("0\n")));
}

TEST(LbdMetrics, AFamilyOfNothingIsLeftOut) {
  EXPECT_THAT(metrics_text({.dataplane = "nginx"}), Not(HasSubstr("lbd_service")));
}

}  // namespace
}  // namespace lbcore::daemon
