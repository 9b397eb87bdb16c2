#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/dataplane/nftables_rules.hpp"

/// What nftables is told, to the letter, and what is read back of what nft 1.0.6 printed.
namespace lbcore::dataplane::nftables {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Destination server(std::string_view address, std::int32_t weight = 1) { return {ip(address), 80, weight}; }
VirtualService service(ServiceKey key, std::string scheduler, std::vector<Destination> destinations) {
  return {.key = key, .scheduler = std::move(scheduler), .destinations = std::move(destinations)};
}

const std::vector<Range> web{{net("10.1.1.0/24"), 80, Protocol::tcp, 1, true}};

TEST(NftablesRules, AMapSharesNumbersOutByWeight) {
  const Table table{
      service(ByMark{1}, "random", {server("172.16.1.2"), server("172.16.1.3", 0), server("172.16.2.2", 3)})};
  EXPECT_EQ(
      ruleset(web, table),
      "table inet lbd {\n"
      "\tchain fwmark-1/172.16.1.2-80 {\n"
      "\t\tmeta l4proto tcp counter dnat ip to 172.16.1.2:80\n"
      "\t}\n"
      "\n"
      "\tchain fwmark-1/172.16.1.3-80 {\n"
      "\t\tmeta l4proto tcp counter dnat ip to 172.16.1.3:80\n"
      "\t}\n"
      "\n"
      "\tchain fwmark-1/172.16.2.2-80 {\n"
      "\t\tmeta l4proto tcp counter dnat ip to 172.16.2.2:80\n"
      "\t}\n"
      "\n"
      "\tchain fwmark-1 {\n"
      "\t\tnumgen random mod 4 vmap { 0 : goto fwmark-1/172.16.1.2-80, 1-3 : goto fwmark-1/172.16.2.2-80 }\n"
      "\t}\n"
      "\n"
      "\tchain prerouting {\n"
      "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
      "\t\tip daddr 10.1.1.0/24 tcp dport 80 goto fwmark-1 comment \"random\"\n"
      "\t}\n"
      "\n"
      "\tchain postrouting {\n"
      "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
      "\t\tmeta l4proto tcp ct original ip daddr 10.1.1.0/24 ct original proto-dst 80 masquerade\n"
      "\t}\n"
      "}\n");
}

TEST(NftablesRules, EverySchedulerHasItsWayToANumber) {
  const auto with = [](const char* scheduler) {
    return ruleset(web, {service(ByMark{1}, scheduler, {server("172.16.1.2")})});
  };
  EXPECT_THAT(with("rr"), HasSubstr("\t\tnumgen inc mod 1 vmap"));
  EXPECT_THAT(with("sh"), HasSubstr("\t\tjhash ip saddr . tcp sport mod 1 vmap"));
}

TEST(NftablesRules, WithoutARealServerOfAnyWeightNothingIsChosen) {
  const auto rules = ruleset(web, {service(ByMark{1}, "rr", {server("172.16.1.2", 0)})});
  EXPECT_THAT(rules, HasSubstr("\tchain fwmark-1 {\n\t}\n"));
  EXPECT_THAT(rules, HasSubstr("chain fwmark-1/172.16.1.2-80")) << "it is known all the same";
}

TEST(NftablesRules, WhatIsNotMasqueradedHasNoRuleOnItsWayOut) {
  auto ranges = web;
  ranges[0].masquerade = false;
  EXPECT_THAT(ruleset(ranges, {service(ByMark{1}, "rr", {})}), Not(HasSubstr("postrouting")));
}

TEST(NftablesRules, SingleAddressesAndIpv6GoByAddress) {
  const std::vector<Range> dns{{net("fd00:53::1/128"), 53, Protocol::udp, 0, false}};
  const Table table{
      service(ByAddress{ip("fd00:53::1"), 53, Protocol::udp}, "sh", {{ip("fd00::3"), 5353, 1}})};
  const auto rules = ruleset(dns, table);
  EXPECT_THAT(rules, HasSubstr("\tchain udp-fd00_53__1-53/fd00__3-5353 {\n"
                               "\t\tmeta l4proto udp counter dnat ip6 to [fd00::3]:5353\n"));
  EXPECT_THAT(rules, HasSubstr("\t\tjhash ip6 saddr . udp sport mod 1 vmap"));
  EXPECT_THAT(rules,
              HasSubstr("\t\tip6 daddr fd00:53::1 udp dport 53 goto udp-fd00_53__1-53 comment \"sh\"\n"));
}

TEST(NftablesRules, WhatWasCountedGoesOn) {
  const Table table{service(ByMark{1}, "random", {server("172.16.1.2"), server("172.16.2.2")})};
  const auto rules = ruleset(web, table, {{{ByMark{1}, ip("172.16.1.2"), 80}, {7, 420}}});
  EXPECT_THAT(rules, HasSubstr("counter packets 7 bytes 420 dnat ip to 172.16.1.2:80"));
  EXPECT_THAT(rules, HasSubstr("counter dnat ip to 172.16.2.2:80"));
}

TEST(NftablesRules, ServicesThatAreNotBalancedYetAndNoneAtAllHaveNoRules) {
  EXPECT_EQ(ruleset(web, {}), "");
  EXPECT_EQ(ruleset({}, {service(ByMark{1}, "rr", {})}), "");
}

TEST(NftablesRules, ReadsBackWhatNftPrinted) {
  const auto printed = lblab::sys::read_file(LBLAB_SOURCE_DIR "/tests/unit/data/dataplane/nft.json");
  const auto rules = parse(printed);
  const ServiceKey dns = ByAddress{ip("fd00:53::1"), 53, Protocol::udp};
  EXPECT_THAT(rules.table,
              ElementsAre(service(dns, "sh", {{ip("fd00::3"), 5353, 1}}),
                          service(ByMark{1}, "random",
                                  {server("172.16.1.2"), server("172.16.1.3", 0), server("172.16.2.2", 3)})));
  EXPECT_EQ(rules.counts.at({ByMark{1}, ip("172.16.2.2"), 80}), (Count{7, 420}));
}

TEST(NftablesRules, NoTableAndTheOneOfIpvsHaveNoServices) {
  EXPECT_THAT(parse("").table, IsEmpty());
  EXPECT_THAT(parse(R"({"nftables": [
    {"metainfo": {"version": "1.0.6"}},
    {"table": {"family": "inet", "name": "lbd", "handle": 2}},
    {"chain": {"family": "inet", "table": "lbd", "name": "prerouting", "handle": 1}},
    {"rule": {"family": "inet", "table": "lbd", "chain": "prerouting", "handle": 2, "expr": [
      {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}},
      {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}]}}]})")
                  .table,
              IsEmpty());
}

}  // namespace
}  // namespace lbcore::dataplane::nftables
