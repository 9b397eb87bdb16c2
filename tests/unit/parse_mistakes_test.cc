#include <gtest/gtest.h>

#include "lab/model/parse.hpp"

/// Every mistake that a topology file can have: where it is reported, what is said to be wrong and what would
/// be right.
namespace lblab::model {

static void PrintTo(const Mark& mark, std::ostream* out) { *out << mark.line << ":" << mark.column; }

namespace {

/// What a message must say, in part.
struct Message {
  std::string wrong, right;
};

/// A text with a `^` before each place that is to be reported, in order, and what is to be said there.
/// Nothing else may be said.
struct Mistaken {
  std::string story, text;
  std::vector<Message> messages;
  friend void PrintTo(const Mistaken& mistaken, std::ostream* out) { *out << mistaken.story; }
};

std::vector<Mark> take_marks(std::string& text) {
  std::vector<Mark> marks;
  std::string plain;
  Mark at{1, 1};
  for (const char c : text) {
    if (c == '^') {
      marks.push_back(at);
      continue;
    }
    plain += c;
    at = c == '\n' ? Mark{at.line + 1, 1} : Mark{at.line, at.column + 1};
  }
  text = plain;
  return marks;
}

class Mistakes : public testing::TestWithParam<Mistaken> {};

TEST_P(Mistakes, AreReportedWhereTheyStand) {
  auto [story, text, messages] = GetParam();
  const auto marks = take_marks(text);
  ASSERT_EQ(marks.size(), messages.size()) << "the row itself is wrong";
  const Parsed parsed = parse(text);
  EXPECT_FALSE(parsed.cluster);
  std::string all;
  for (const auto& diagnostic : parsed.diagnostics) all += format(diagnostic, "t.yaml") + "\n";
  SCOPED_TRACE(text + "\nreported:\n" + all);
  ASSERT_EQ(parsed.diagnostics.size(), messages.size());
  for (std::size_t n = 0; n < messages.size(); ++n) {
    const auto& [mark, wrong, right] = parsed.diagnostics[n];
    EXPECT_EQ(mark, marks[n]);
    EXPECT_NE(wrong.find(messages[n].wrong), wrong.npos)
        << "expected in " << wrong << ": " << messages[n].wrong;
    EXPECT_NE(right.find(messages[n].right), right.npos)
        << "expected in " << right << ": " << messages[n].right;
    EXPECT_FALSE(right.empty());
  }
}

/// A small cluster without mistakes, changed.
std::string cluster(std::initializer_list<std::pair<std::string_view, std::string_view>> changes) {
  std::string text = R"(name: t
networks: {net: {subnet: 10.0.0.0/24}}
nodes:
  router: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}
  rr: {role: route-reflector, interfaces: {net: 10.0.0.2}}
  n1: {role: node, interfaces: {net: 10.0.0.11}}
  n2: {role: node, interfaces: {net: 10.0.0.12}}
overlay: {}
services:
  web: {addresses: 10.1.1.0/24, pods: {}, load-balancers: {replicas: 2}}
)";
  for (const auto& [from, to] : changes) {
    const auto at = text.find(from);
    if (at == text.npos) throw std::logic_error("the small cluster has no " + std::string(from));
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A plain lab of two nodes, `lines` added.
std::string plain(const std::string& lines) { return "name: t\nnodes: {a: {}, b: {}}\n" + lines; }

/// A plain lab whose node has `keys`.
std::string node(const std::string& keys) { return "name: t\nnodes:\n  a: {" + keys + "}\n"; }

TEST(SmallCluster, HasNoMistakesByItself) {
  EXPECT_TRUE(parse(cluster({})).cluster);
  EXPECT_TRUE(parse(plain("")).cluster);
  EXPECT_TRUE(parse(node("")).cluster);
}

const std::vector<Mistaken> not_a_topology{
    {"AnEmptyFile", "^", {{"empty", "docs/topology.md"}}},
    {"OnlyComments", "^# name: t\n\n", {{"empty", "docs/topology.md"}}},
    {"NotYaml", "name: t\nnodes: {a: {}\n^", {{"not YAML: end of map flow not found", ""}}},
    {"Tabs", "name: t\nnodes:\n\ta^: {}\n", {{"not YAML: illegal map value", ""}}},
    {"ASentence", "^hello world", {{"the topology is 'hello world'", "KEY: VALUE"}}},
    {"AList", "^- name: t", {{"the topology is a list", "KEY: VALUE"}}},
    {"NotUtf8", "name: t\nnodes: {^\xff: {}}", {{"not text", "UTF-8"}}},
    {"Utf16", std::string("^\xff\xfen\0a\0", 7), {{"not text", "UTF-8"}}},
    {"ATruncatedCharacter", "name: ^\xc3", {{"not text", "UTF-8"}}},
    {"ANulByte", std::string("name: ^\0t", 9), {{"not text", "UTF-8"}}},
    {"AnEscapedNulByte", R"(name: ^"t\0")", {{"control character", "leave it out"}}},
    {"ColumnsThatCountBytes", "name: t\nnodes: {a: {}} # é\n# éé^\xff", {{"not text", "UTF-8"}}},
    {"TwoDocuments", "name: t\nnodes: {a: {}}\n^---\nname: u\n", {{"second YAML document", "one topology"}}},
    {"AnAlias",
     "name: t\nnodes: {a: ^&x {}, b: ^*x}\n",
     {{"anchor, &x", "write the value out"}, {"alias", "write"}}},
    {"ATag", "name: ^!!str t\nnodes: {a: {}}\n", {{"tag", "leave it out"}}},
    {"AKeyThatIsAList", "name: t\nnodes: {^[a, b]: {}}\n", {{"key that is not a word", "KEY: VALUE"}}},
    {"AKeyGivenTwice",
     "name: t\nnodes:\n  a: {}\n  b: {}\n  ^a: {role: client}\n^name: u\n",
     {{"'a' is given twice", "line 3"}, {"'name' is given twice", "line 1"}}},
    {"TooDeep", "name: " + std::string(63, '[') + "^[" + std::string(64, ']'), {{"more than 64 levels", ""}}},
};

const std::vector<Mistaken> keys_and_types{
    {"AnUnknownKey",
     "name: t\nnodes: {a: {}}\n^colour: red\n",
     {{"unknown key 'colour'", "the keys here are name, networks"}}},
    {"AMisspeltKey",
     cluster({{"{replicas: 2}", "{^replcas: 2}"}}),
     {{"unknown key 'replcas'", "did you mean 'replicas'?"}}},
    {"AKeyInTheWrongPlace",
     cluster({{"overlay: {}", "overlay: {^port: 80}"}}),
     {{"unknown key 'port'", "backend, subnet"}}},
    {"NothingButAKeyTooMuch",
     "^^^color: red",
     {{"the topology lacks the key 'name'", "add name: ecmp"},
      {"the topology lacks the key 'nodes'", "add nodes: {a: {}}"},
      {"unknown key 'color'", "name"}}},
    {"MissingKeys",
     "name: t\nnetworks: {^net: {}}\nnodes: {a: {routes: [^{to: 10.0.0.0/8}], processes: [^{name: "
     "x}]}}\nlinks: [^{}]\n",
     {{"net lacks the key 'subnet'", "add subnet: 10.0.0.0/16"},
      {"lacks the key 'via'", "add via: 10.0.0.1"},
      {"lacks the key 'run'", "add run: nginx"},
      {"lacks the key 'ends'", "add ends: [a:eth0, a:eth0]"}}},
    {"NoValue",
     "^name:\nnodes: {a: {^role: ~}}\n",
     {{"name has no value", "a name"}, {"role has no value", "one of"}}},
    {"AMapForAScalar", node("role: ^{client: 1}"), {{"role has KEY: VALUE pairs", "one of plain"}}},
    {"AListForAScalar", "name: ^[t]\nnodes: {a: {}}", {{"name is a list", "a name"}}},
    {"AListForAMap", "name: t\nnodes: ^[a, b]\n", {{"nodes is a list", "NAME: VALUE"}}},
    {"AScalarForAList", plain("links: ^a:eth0\n"), {{"links is 'a:eth0'", "a list"}}},
    {"AScalarForALink",
     plain("links: [^a:eth0]\n"),
     {{"an element of links is 'a:eth0'", "a list, or KEY: VALUE"}}},
    {"AWordForANumber",
     cluster({{"10.1.1.0/24,", "10.1.1.0/24, port: ^http,"}}),
     {{"port is 'http'", "a whole number from 1 to 65535"}}},
    {"ANumberInQuotes",
     cluster({{"replicas: 2", "replicas: ^'2'"}}),
     {{"replicas is '2'", "without quotes"}}},
    {"AFraction", cluster({{"replicas: 2", "replicas: ^1.5"}}), {{"replicas is '1.5'", "whole number"}}},
    {"ANegativeNumber", cluster({{"replicas: 2", "replicas: ^-1"}}), {{"replicas is '-1'", "from 0 to"}}},
    {"AHugeNumber",
     cluster({{"replicas: 2", "replicas: ^99999999999999999999"}}),
     {{"replicas is '9999", "from 0 to"}}},
    {"PortZero", cluster({{"10.1.1.0/24,", "10.1.1.0/24, port: ^0,"}}), {{"port is '0'", "from 1 to 65535"}}},
    {"APortTooHigh",
     cluster({{"10.1.1.0/24,", "10.1.1.0/24, port: ^65536,"}}),
     {{"port is '65536'", "from 1 to 65535"}}},
    {"YesForTrue",
     cluster({{"overlay: {}", "overlay: {masquerade: ^yes}"}}),
     {{"masquerade is 'yes'", "true or false"}}},
    {"ADurationWithoutUnit",
     cluster({{"replicas: 2", "health: {interval: ^1}"}}),
     {{"interval is '1'", "as 250ms, 9s or 2m"}}},
    {"ADurationOfNothing",
     cluster({{"replicas: 2", "health: {timeout: ^0s}"}}),
     {{"timeout is '0s'", "from 10ms to 1h"}}},
    {"AnOldUnit",
     cluster({{"replicas: 2", "drain-limit: ^2 fortnights"}}),
     {{"drain-limit is", "a duration"}}},
    {"AHoldTimeBelowThreeSeconds",
     cluster({{"bgp: {}", "bgp: {hold-time: ^2s}"}}),
     {{"hold-time is '2s'", "whole seconds from 3s"}}},
    {"AHoldTimeInMilliseconds",
     cluster({{"replicas: 2", "hold-time: ^3500ms"}}),
     {{"hold-time is '3500ms'", "whole seconds"}}},
    {"AnAsOfZero", cluster({{"bgp: {}", "bgp: {as: ^0}"}}), {{"as is '0'", "from 1 to 4294967294"}}},
    {"ColumnsAfterOtherThanAscii",
     node("processes: [{run: é, restart: ^always}]"),
     {{"restart is 'always'", "one of"}}},
    {"LinesThatEndAsOnWindows",
     "name: t\r\nnodes:\r\n  a: {role: ^cleint}\r\n",
     {{"role is 'cleint'", "client"}}},
    {"AMisspeltRole", node("role: ^cleint"), {{"role is 'cleint'", "did you mean client?"}}},
    {"ABackendNotBuilt",
     cluster({{"overlay: {}", "overlay: {backend: ^vxlan}"}}),
     {{"backend is 'vxlan'", "vxlan is not built yet; host-gw is"}}},
    {"AKindNotBuilt",
     cluster({{"replicas: 2", "kind: ^xdp"}}),
     {{"kind is 'xdp'", "xdp is not built yet; ipvs is"}}},
    {"AnAgentNotBuilt",
     cluster({{"bgp: {}", "bgp: {agent: ^frr}"}}),
     {{"agent is 'frr'", "frr is not built yet; gobgp, bird"}}},
    {"AnUnknownScheduler",
     cluster({{"replicas: 2", "scheduler: ^round-robin"}}),
     {{"scheduler is 'round-robin'", "one of rr, wrr, lc"}}},
    {"NotAnAddress", cluster({{"10.0.0.1}", "^10.0.0.256}"}}), {{"net is '10.0.0.256'", "an address, as"}}},
    {"AnAddressWithAPrefix",
     cluster({{"10.0.0.1}", "^10.0.0.1/24}"}}),
     {{"net is '10.0.0.1/24'", "an address, as 10.0.0.1"}}},
    {"NotANetwork",
     cluster({{"10.1.1.0/24,", "^10.1.1.0/33,"}}),
     {{"addresses is '10.1.1.0/33'", "a network, as"}}},
    {"HostBits",
     cluster({{"10.0.0.0/24", "^10.0.0.1/24"}}),
     {{"subnet is '10.0.0.1/24'", "did you mean 10.0.0.0/24?"}}},
    {"ALinkAddressWithoutPrefix",
     plain("links: [{ends: [a:x, b:x], addresses: [^10.0.0.1, 10.0.0.2/30]}]\n"),
     {{"an element of addresses is '10.0.0.1'", "with its prefix length"}}},
    {"ALinkWithOneEnd", plain("links: [^[a:eth0]]\n"), {{"ends has 1 element", "a list of 2"}}},
    {"ALinkWithThreeAddresses",
     plain("links: [{ends: [a:x, b:x], addresses: ^[10.0.0.1/29, 10.0.0.2/29, 10.0.0.3/29]}]\n"),
     {{"addresses has 3 elements", "a list of 2"}}},
    {"ALinkEndWithoutInterface", plain("links: [[^a, b:eth0]]\n"), {{"is 'a'", "NODE:INTERFACE"}}},
    {"AnUnclosedQuote",
     node("processes: [{run: ^\"echo 'a\"}]"),
     {{"run is 'echo 'a'", "its quotes closed"}}},
    {"AnEmptyCommand",
     node("processes: [{run: ^''}, {run: ^[]}]"),
     {{"run is ''", "a command"}, {"run names no program", "a command"}}},
    {"ABadRegex", node("processes: [{run: x, ready: ^'(a'}]"), {{"ready is '(a'", "ECMAScript"}}},
    {"ABadRestart",
     node("processes: [{run: x, restart: ^always}]"),
     {{"restart is 'always'", "one of after, never"}}},
    {"ABadHttpPath",
     cluster({{"replicas: 2", "health: {http: ^healthz}"}}),
     {{"http is 'healthz'", "a path, as /healthz"}}},
};

const std::vector<Mistaken> names{
    {"ALabNameWithAnUnderscore",
     "name: ^my_lab\nnodes: {a: {}}",
     {{"name is 'my_lab'", "letters, digits and '-'"}}},
    {"ALabNameThatIsAPath", "name: ^../../etc\nnodes: {a: {}}", {{"name is '../../etc'", "letters, digits"}}},
    {"ALabNameTooLong",
     "name: ^" + std::string(33, 'x') + "\nnodes: {a: {}}",
     {{"name is 'xxx", "at most 32 characters"}}},
    {"ALabNameThatIsANumber", "name: ^2024\nnodes: {a: {}}", {{"name is '2024'", "beginning with a letter"}}},
    {"ANodeNameThatIsNoHostname",
     "name: t\nnodes: {^web_1: {}, ^-a: {}, ^b-: {}}",
     {{"'web_1' cannot be a name in nodes", "letters"}, {"'-a'", "letters"}, {"'b-'", "letters"}}},
    {"ANodeNameTooLong",
     "name: t\nnodes: {^" + std::string(64, 'x') + ": {}}",
     {{"cannot be a name", "at most 63"}}},
    {"ANetworkNameTooLong",
     "name: t\nnetworks: {^a-very-long-name: {subnet: 10.0.0.0/24}}\nnodes: {a: {}}",
     {{"cannot be a name in networks", "at most 15"}}},
    {"ANodeCalledFabric", "name: t\nnodes: {^fabric: {}}", {{"the lab's own switch", "another name"}}},
    {"ANodeCalledAsAPod",
     cluster({{"n1:", "^web-1:"}, {"n2:", "^web-lb-7:"}}),
     {{"the name of a pod of service 'web'", "another"}, {"a pod of service 'web'", "another"}}},
    {"AServiceCalledAsLoadBalancers",
     cluster({{"  web:", "  ^web-lb: {addresses: 10.1.2.0/24}\n  web:"}}),
     {{"the pods of service 'web-lb' have the names of the load balancers of 'web'", "another name"}}},
    {"AnInterfaceNameTooLong",
     plain("links: [[^a:sixteen-letters-, b:eth0]]\n"),
     {{"is 'a:sixteen-letters-'", "at most 15 characters"}}},
    {"AnInterfaceNameTheKernelRefuses",
     plain("links: [[^a:eth/0, ^b:lo]]\n"),
     {{"'a:eth/0'", "NODE:INTERFACE"}, {"'b:lo'", "NODE:INTERFACE"}}},
    {"AnInterfaceGivenTwice",
     plain("links: [[a:eth0, b:eth0], [a:eth1, ^b:eth0]]\n"),
     {{"node 'b' has another interface 'eth0'", "its own name"}}},
    {"AnInterfaceOfANetworkGivenTwice",
     cluster({{"overlay", "links: [[^n1:eth0, n2:eth1]]\noverlay"}}),
     {{"node 'n1' has another interface 'eth0'", "those on networks are eth0"}}},
    {"AnInterfaceOfTheLab",
     cluster({{"overlay", "links: [[^n1:cbr0, ^n2:pod2]]\noverlay"}}),
     {{"'cbr0' is the lab's own", "another"}, {"'pod2' is the lab's own", "another"}}},
    {"AProcessGivenTwice",
     node("processes: [{run: /bin/x}, ^{run: x -v}]"),
     {{"another process 'x'", "add a name"}}},
    {"AProcessOfTheLab",
     cluster({{"bgp: {}", "bgp: {}, processes: [^{run: gobgpd}]"}}),
     {{"process 'gobgpd'", "add a name"}}},
    {"ABadProcessName", node("processes: [{run: x, name: ^a/b}]"), {{"name is 'a/b'", "letters, digits"}}},
    {"ABadVariable",
     node("processes: [{run: x, environment: {^A-B: 1}}]"),
     {{"'A-B' cannot be a name in environment", "LOG_LEVEL"}}},
    {"ASysctlOfTheHost",
     node("sysctls: {^kernel.panic: 1, ^net/ipv4: 1, ^net.: 1}"),
     {{"'kernel.panic'", "net.ipv4.ip_forward"}, {"'net/ipv4'", "net."}, {"'net.'", "net."}}},
};

const std::vector<Mistaken> references{
    {"ANetworkThatIsNot",
     cluster({{"{net: 10.0.0.11}", "{^nett: 10.0.0.11}"}, {"load-balancers: {replicas: 2}", ""}}),
     {{"there is no network 'nett'", "did you mean 'net'?"}}},
    {"AGatewayThatIsNot",
     cluster({{"10.0.0.11}", "10.0.0.11}, gateway: ^ruoter"}}),
     {{"there is no node 'ruoter'", "did you mean 'router'?"}}},
    {"AGatewayElsewhere",
     "name: t\nnetworks: {m: {subnet: 10.0.0.0/24}, n: {subnet: 10.0.1.0/24}}\n"
     "nodes: {a: {interfaces: {m: 10.0.0.1}, gateway: ^b}, b: {interfaces: {n: 10.0.1.1}}}",
     {{"the gateway 'b' is on no network of node 'a'", "on one network"}}},
    {"ItsOwnGateway",
     cluster({{"10.0.0.11}", "10.0.0.11}, gateway: ^n1"}}),
     {{"node 'n1' is its own gateway", "name a router"}}},
    {"ALinkToNobody", plain("links: [[a:eth0, ^c:eth0]]\n"), {{"there is no node 'c'", "did you mean 'a'?"}}},
    {"ANextHopOutOfReach",
     "name: t\nnodes: {a: {routes: [{to: 10.9.0.0/16, via: [10.0.0.2, ^10.1.0.2]}]}, b: {}}\n"
     "links: [{ends: [a:x, b:x], addresses: [10.0.0.1/30, 10.0.0.2/30]}]\n",
     {{"next hop 10.1.0.2 is on no subnet of node 'a'", "10.0.0.1/30"}}},
    {"ANextHopWithoutAnyAddress",
     node("routes: [{to: 10.9.0.0/16, via: ^10.0.0.1}]"),
     {{"on no subnet", "an address first"}}},
    {"ANextHopThatIsOneself",
     cluster({{"10.0.0.11}", "10.0.0.11}, routes: [{to: 10.9.0.0/16, via: ^10.0.0.11}]"}}),
     {{"node 'n1' itself", "neighbour"}}},
    {"ANextHopOfTheOtherFamily",
     cluster({{"10.0.0.11}", "10.0.0.11}, routes: [{to: 'fd00::/8', via: ^10.0.0.12}]"}}),
     {{"not of the family of fd00::/8", "apart"}}},
    {"ARouteGivenTwice",
     cluster({{"10.0.0.11}",
               "10.0.0.11}, routes: [{to: 10.9.0.0/16, via: 10.0.0.1}, {to: ^10.9.0.0/16, via: 10.0.0.2}]"}}),
     {{"another route to 10.9.0.0/16", "one via:"}}},
    {"AGatewayAndADefaultRoute",
     cluster({{"10.0.0.11}", "10.0.0.11}, gateway: router, routes: [{to: ^0.0.0.0/0, via: 10.0.0.1}]"}}),
     {{"a gateway and a default route", "keep one"}}},
};

const std::vector<Mistaken> addresses{
    {"AnAddressGivenTwice",
     cluster({{"10.0.0.12", "^10.0.0.11"}}),
     {{"10.0.0.11 is given twice", "node 'n1' on net has it (line 6)"}}},
    {"AnAddressOutside",
     cluster({{"10.0.0.12", "^10.0.1.12"}}),
     {{"10.0.1.12 is outside net (10.0.0.0/24)", "from 10.0.0.1 to 10.0.0.254"}}},
    {"AnAddressOfTheOtherFamily",
     cluster({{"10.0.0.12", "^'fd00::1'"}}),
     {{"fd00::1 is outside net", "from 10.0.0.1"}}},
    {"TheNetworksOwnAddress",
     cluster({{"10.0.0.12", "^10.0.0.0"}}),
     {{"10.0.0.0 is the address of 10.0.0.0/24 itself", "from 10.0.0.1"}}},
    {"TheBroadcastAddress",
     cluster({{"10.0.0.12", "^10.0.0.255"}}),
     {{"10.0.0.255 is the broadcast address of", "from 10.0.0.1"}}},
    {"ALinksBroadcastAddress",
     plain("links: [{ends: [a:x, b:x], addresses: [^10.0.0.3/30, 10.0.0.2/30]}]\n"),
     {{"broadcast address of 10.0.0.0/30", "from 10.0.0.1 to 10.0.0.2"}}},
    {"ALinksEndsApart",
     plain("links: [{ends: [a:x, b:x], addresses: [10.0.0.1/30, ^10.0.0.5/30]}]\n"),
     {{"10.0.0.1/30 and 10.0.0.5/30 are not in one subnet", "both ends"}}},
    {"ALinksAddressGivenTwice",
     plain("links: [{ends: [a:x, b:x], addresses: [10.0.0.1/30, ^10.0.0.1/30]}]\n"),
     {{"given twice", "another link's end has it (line 3)"}}},
    {"NetworksThatOverlap",
     cluster({{"{subnet: 10.0.0.0/24}", "{subnet: 10.0.0.0/24}, far: {subnet: ^10.0.0.128/25}"}}),
     {{"10.0.0.128/25 of network 'far' overlaps 10.0.0.0/24 of network 'net'", "line 2"}}},
    {"AnOverlayThatOverlapsANetwork",
     cluster({{"overlay: {}", "overlay: {subnet: ^10.0.0.0/8}"}, {"10.1.1.0/24", "^10.1.1.0/24"}}),
     {{"of the overlay overlaps 10.0.0.0/24 of network 'net'", "line 2"},
      {"of service 'web' overlaps 10.0.0.0/8 of the overlay", "line 8"}}},
    {"AServiceThatOverlapsTheOverlay",
     cluster({{"10.1.1.0/24", "^172.16.9.0/24"}}),
     {{"of service 'web' overlaps 172.16.0.0/16 of the overlay", "keep them apart"}}},
    {"TwoServicesOfOneAddress",
     cluster({{"  web:", "  app: {addresses: 10.1.1.1/32}\n  web:"}, {"10.1.1.0/24", "^10.1.1.0/24"}}),
     {{"of service 'web' overlaps 10.1.1.1/32 of service 'app'", "line 10"}}},
    {"ALinkInANetwork",
     cluster(
         {{"overlay:", "links: [{ends: [n1:x, n2:x], addresses: [^10.0.0.65/30, 10.0.0.66/30]}]\noverlay:"}}),
     {{"10.0.0.64/30 of a link overlaps 10.0.0.0/24 of network 'net'", "line 2"}}},
    {"ANetworkWithoutHosts",
     "name: t\nnetworks: {net: {subnet: ^10.0.0.0/31}}\nnodes: {a: {}}",
     {{"no room for hosts", "/30"}}},
    {"AddressesThatNoHostCanHave",
     cluster({{"10.1.1.0/24", "^224.1.0.0/24"}}),
     {{"no host can have", "as 10.0.0.0/16"}}},
};

const std::vector<Mistaken> clusters{
    {"MoreLoadBalancersThanNodes",
     cluster({{"replicas: 2", "replicas: ^3"}}),
     {{"3 load balancers of service 'web' on 2 nodes",
       "at most one load-balancer pod of a service: write 2"}}},
    {"LoadBalancersWithoutRouter",
     cluster({{"bgp: {}", ""}, {"load-balancers", "^load-balancers"}}),
     {{"no router with bgp", "role: router"}}},
    {"AServiceWithoutOverlay",
     cluster({{"overlay: {}\n", ""}, {"role: route-reflector", "role: client"}, {"  web", "  ^web"}}),
     {{"service 'web', and no overlay", "add overlay"}}},
    {"AServiceWithoutNodes",
     "name: t\nnodes: {a: {}}\noverlay: {}\nservices: {^web: {addresses: 10.1.1.0/24}}",
     {{"service 'web', and no node for its pods", "role: node"}}},
    {"AReflectorWithoutOverlay",
     "name: t\nnetworks: {n: {subnet: 10.0.0.0/24}}\nnodes: {^rr: {role: route-reflector, interfaces: {n: "
     "10.0.0.1}}}",
     {{"route reflector 'rr', and no overlay", "add an overlay"}}},
    {"BgpOnAClient",
     cluster({{"{role: node,", "{role: client, ^bgp: {},"}, {"replicas: 2", ""}}),
     {{"bgp on node 'n1', whose role is client", "only a router"}}},
    {"AStaleTimeOnAReflector",
     cluster({{"10.0.0.2}", "10.0.0.2}, bgp: {^stale-time: 1s}"}}),
     {{"stale-time on the route reflector", "only a router"}}},
    {"ARouterOnNoNetwork",
     "name: t\nnodes: {^r: {role: router, bgp: {}}}",
     {{"router 'r' is on no network", "add interfaces"}}},
    {"ANodeOutOfReach",
     cluster({{"{net: {subnet: 10.0.0.0/24}}", "{net: {subnet: 10.0.0.0/24}, far: {subnet: 10.0.1.0/24}}"},
              {"n2:", "^^n2:"},
              {"{net: 10.0.0.12}", "{far: 10.0.1.12}"}}),
     {{"node 'n2' is on no network with a router", "next hops"},
      {"node 'n2' is on no network with node 'n1'", "host-gw"}}},
    {"TwoKindsOfHealth",
     cluster({{"replicas: 2", "^health: {tcp: 80, none: true}"}}),
     {{"more than one of tcp, http and none", "keep one"}}},
    {"AHealthPortWithoutHttp",
     cluster({{"replicas: 2", "health: {^port: 80}"}}),
     {{"port without http", "tcp: PORT"}}},
    {"ANodePrefixThatDoesNotFit",
     cluster({{"overlay: {}", "overlay: {node-prefix: ^16}"}}),
     {{"node-prefix 16 in the overlay 172.16.0.0/16", "from 17 to 30"}}},
    {"TooFewNodePrefixes",
     cluster({{"overlay: {}", "overlay: {node-prefix: ^17}"}}),
     {{"2 nodes, and the overlay 172.16.0.0/16 has 1 prefixes of /17", "longer node-prefix"}}},
    {"TooSmallForTheReplicas",
     cluster({{"overlay: {}", "overlay: {node-prefix: ^29}"}, {"pods: {}", "pods: {replicas: 9}"}}),
     {{"no room for the pods of service 'web': 2 nodes of /29 hold 5 pods each", "shorter node-prefix"}}},
    {"TooSmallByDefault",
     cluster({{"overlay: {}", "^overlay: {}"}, {"pods: {}", "pods: {replicas: 505}"}}),
     {{"/24 hold 253 pods each", "fewer replicas"}}},
    {"TooManyPods",
     cluster({{"  web", "  ^web"}, {"pods: {}", "pods: {replicas: 10000}"}}),
     {{"more than 10000 pods", "fewer"}}},
    {"AnIpv6Overlay",
     cluster({{"overlay: {}", "overlay: {subnet: ^'fd00::/48', node-prefix: 64}"}}),
     {{"IPv6 overlay is not built yet", "IPv4 is"}}},
    {"AnIpv6Service",
     cluster({{"10.1.1.0/24", "^'fd00::/64'"}}),
     {{"IPv6 service is not built yet", "IPv4 is"}}},
};

const std::vector<Mistaken> together{
    {"AllMistakesInOneRun",
     cluster({{"name: t", "name: ^t_t"},
              {"{subnet: 10.0.0.0/24}", "{subnet: 10.0.0.0/24, ^vlan: 7}"},
              {"10.0.0.12", "^10.0.0.11"},
              {"overlay: {}", "overlay: {backend: ^vxlan}"},
              {"replicas: 2", "replicas: ^many"}}),
     {{"name", ""}, {"unknown key 'vlan'", ""}, {"given twice", ""}, {"vxlan", ""}, {"many", ""}}},
};

std::string story_of(const testing::TestParamInfo<Mistaken>& row) { return row.param.story; }
INSTANTIATE_TEST_SUITE_P(NotATopology, Mistakes, testing::ValuesIn(not_a_topology), story_of);
INSTANTIATE_TEST_SUITE_P(KeysAndTypes, Mistakes, testing::ValuesIn(keys_and_types), story_of);
INSTANTIATE_TEST_SUITE_P(Names, Mistakes, testing::ValuesIn(names), story_of);
INSTANTIATE_TEST_SUITE_P(References, Mistakes, testing::ValuesIn(references), story_of);
INSTANTIATE_TEST_SUITE_P(Addresses, Mistakes, testing::ValuesIn(addresses), story_of);
INSTANTIATE_TEST_SUITE_P(Clusters, Mistakes, testing::ValuesIn(clusters), story_of);
INSTANTIATE_TEST_SUITE_P(Together, Mistakes, testing::ValuesIn(together), story_of);

}  // namespace
}  // namespace lblab::model
