#include "lab/observe/ipvs_life.hpp"

#include <gmock/gmock.h>

/// The kernel's files of IPVS, as Linux 6.1 writes them (net/netfilter/ipvs: ip_vs_conn.c, ip_vs_ctl.c).
namespace lblab::observe {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* connections =
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
    "TCP C000020A 9C40 0A010101 0050 AC100102 0050 ESTABLISHED     899\n"
    "TCP C000020A 9C41 0A010101 0050 AC100103 0050 TIME_WAIT       118\n"
    "TCP C000020A 9C42 0A010101 0050 AC100102 0050 ESTABLISHED     899\n"
    "UDP C000020A 9C40 0A010101 0007 AC100102 0007 UDP             298\n"
    "TCP fd00:0000:0000:0000:0000:0000:0000:0001 9C40 fd00:0000:0000:0000:0000:0000:0000:0009 0050 "
    "fd00:0000:0000:0000:0000:0000:0000:0002 0050 FIN_WAIT     40\n";

TEST(IpvsLife, ConnectionsAreCountedByRealServerAndState) {
  EXPECT_THAT(parse_ipvs_connections(connections).of,
              UnorderedElementsAre(Pair("172.16.1.2:80", ElementsAre(Pair("ESTABLISHED", 2))),
                                   Pair("172.16.1.3:80", ElementsAre(Pair("TIME_WAIT", 1))),
                                   Pair("172.16.1.2:7", ElementsAre(Pair("UDP", 1))),
                                   Pair("[fd00::2]:80", ElementsAre(Pair("FIN_WAIT", 1)))));
}

TEST(IpvsLife, ALineThatWasCutIsLeftOut) {
  const std::string whole = connections;
  const auto cut = whole.substr(0, whole.find("AC100103"));
  EXPECT_THAT(parse_ipvs_connections(cut).of,
              ElementsAre(Pair("172.16.1.2:80", ElementsAre(Pair("ESTABLISHED", 1)))));
  EXPECT_TRUE(parse_ipvs_connections("").of.empty());
  EXPECT_TRUE(parse_ipvs_connections("Pro FromIP\nTCP X X X X NOTHEX 0050 ESTABLISHED 1\n").of.empty());
}

TEST(IpvsLife, TotalsAreOfAllCpus) {
  const auto totals = parse_ipvs_totals(
      "       Total Incoming Outgoing         Incoming         Outgoing\n"
      "CPU    Conns  Packets  Packets            Bytes            Bytes\n"
      "  0       10       1F        A              100               20\n"
      "  1        1        1        1                1                1\n"
      "  ~       11       20        B              101               21\n"
      "\n"
      "     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
      "           0        0        0                0                0\n");
  ASSERT_TRUE(totals);
  EXPECT_EQ(*totals, (IpvsCounters{0x11, 0x20, 0xB, 0x101, 0x21}));
  EXPECT_FALSE(parse_ipvs_totals(""));
}

}  // namespace
}  // namespace lblab::observe
