#include "lbcore/ipvs/client.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <tuple>

#include "fixtures/addresses.hpp"
#include "fixtures/ipvsadm.hpp"
#include "fixtures/netlink_capture.hpp"
#include "fixtures/tables.hpp"
#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"

namespace lbcore::ipvs {
namespace {

using lblab::fixtures::ip;
namespace nl = lblab::nl;
using lblab::fixtures::Ipvsadm;
using lblab::fixtures::NetlinkCapture;
using lblab::fixtures::parse_ipvsadm;
using lblab::sys::Netns;
using lblab::sys::SystemError;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// Equal, or what would have to change.
testing::AssertionResult same(const Table& expected, const Table& actual) {
  if (expected == actual) return testing::AssertionSuccess();
  auto result = testing::AssertionFailure() << "to be as expected it would need:";
  for (const auto& change : reconcile(expected, actual)) result << "\n  " << describe(change);
  return result;
}

/// With loopback up: a namespace without any address takes no destination for unicast.
Netns namespace_with_loopback() {
  Netns ns = Netns::create();
  nl::LinkSettings loopback;
  loopback.name = "lo";
  loopback.up = true;
  nl::Socket{ns}.request("raise lo", nl::set_link(loopback));
  return ns;
}

class IpvsClient : public testing::Test {
 protected:
  Netns ns = namespace_with_loopback();
  Client client = ns.within([] { return Client(); });
  Ipvsadm ipvsadm{ns};

  void write(const Table& desired) { client.apply(reconcile(desired, client.table())); }
};

Destination real(std::string_view address, Forwarding forwarding = Forwarding::nat, std::int32_t weight = 1) {
  Destination d;
  d.address = ip(address);
  d.port = 80;
  d.forwarding = forwarding;
  d.weight = weight;
  return d;
}
VirtualService service(ServiceKey key, std::vector<Destination> destinations = {}) {
  VirtualService s;
  s.key = key;
  s.destinations = std::move(destinations);
  return s;
}
VirtualService with(VirtualService s, const std::function<void(VirtualService&)>& change) {
  change(s);
  return s;
}

/// One service, in ipvsadm's words and in ours.
struct Case {
  const char* name;
  std::string rules;
  VirtualService value;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name << ":\n" << c.rules; }
};

const ServiceKey web = ByAddress{ip("10.1.1.1"), 80};
const ServiceKey web6 = ByAddress{ip("fd00:1::1"), 80};

std::vector<Case> cases() {
  std::vector<Case> all{
      {"address_tcp", "-A -t 10.1.1.1:80 -s lc\n-a -t 10.1.1.1:80 -r 172.16.1.3:80 -m -w 1\n",
       service(web, {real("172.16.1.3")})},
      {"address_udp", "-A -u 10.1.1.1:53 -s lc\n", service(ByAddress{ip("10.1.1.1"), 53, Protocol::udp})},
      {"address_sctp", "-A --sctp-service 10.1.1.1:9 -s lc\n",
       service(ByAddress{ip("10.1.1.1"), 9, Protocol::sctp})},
      {"address_ipv6", "-A -t [fd00:1::1]:80 -s lc\n-a -t [fd00:1::1]:80 -r [fd00:16::3]:80 -m -w 1\n",
       service(web6, {real("fd00:16::3")})},
      {"mark", "-A -f 1 -s lc\n-a -f 1 -r 172.16.1.3:80 -m -w 1\n", service(ByMark{1}, {real("172.16.1.3")})},
      {"mark_of_32_bits", "-A -f 4294967295 -s lc\n", service(ByMark{0xffffffff})},
      {"mark_ipv6", "-A -f 1 -6 -s lc\n-a -f 1 -6 -r [fd00:16::3]:80 -m -w 1\n",
       service(ByMark{1, true}, {real("fd00:16::3")})},
      {"forwarding_direct", "-A -f 1 -s lc\n-a -f 1 -r 172.16.1.3:80 -g -w 1\n",
       service(ByMark{1}, {real("172.16.1.3", Forwarding::direct)})},
      {"forwarding_tunnel", "-A -f 1 -s lc\n-a -f 1 -r 172.16.1.3:80 -i -w 1\n",
       service(ByMark{1}, {real("172.16.1.3", Forwarding::tunnel)})},
      {"forwarding_tunnel_ipv6", "-A -f 1 -6 -s lc\n-a -f 1 -6 -r [fd00:16::3]:80 -i -w 1\n",
       service(ByMark{1, true}, {real("fd00:16::3", Forwarding::tunnel)})},
      {"forwarding_tunnel_of_ipv4_in_ipv6",
       "-A -t 10.1.1.1:80 -s lc\n-a -t 10.1.1.1:80 -r [fd00:16::3]:80 -i -w 1\n",
       service(web, {real("fd00:16::3", Forwarding::tunnel)})},
      {"weights", "-A -f 1 -s lc\n-a -f 1 -r 172.16.1.3:80 -m -w 0\n-a -f 1 -r 172.16.1.4:80 -m -w 65535\n",
       service(ByMark{1},
               {real("172.16.1.3", Forwarding::nat, 0), real("172.16.1.4", Forwarding::nat, 65535)})},
      {"persistence", "-A -f 1 -s lc -p 300\n",
       with(service(ByMark{1}),
            [](auto& s) {
              s.flags = 1;
              s.persistence_timeout_s = 300;
            })},
      {"persistence_of_a_network", "-A -f 1 -s lc -p 300 -M 255.255.255.0\n",
       with(service(ByMark{1}),
            [](auto& s) {
              s.flags = 1;
              s.persistence_timeout_s = 300;
              s.netmask = 0xffffff00;
            })},
      {"persistence_of_an_ipv6_network", "-A -t [fd00:1::1]:80 -s lc -p 300 -M 64\n",
       with(service(web6),
            [](auto& s) {
              s.flags = 1;
              s.persistence_timeout_s = 300;
              s.netmask = 64;
            })},
      {"one_packet", "-A -u 10.1.1.1:53 -s lc -o\n",
       with(service(ByAddress{ip("10.1.1.1"), 53, Protocol::udp}), [](auto& s) { s.flags = 4; })},
      {"scheduler_flags", "-A -f 1 -s mh -b flag-1,flag-2\n",
       with(service(ByMark{1}),
            [](auto& s) {
              s.scheduler = "mh";
              s.flags = 8 | 16;
            })},
  };
  for (const char* scheduler :
       {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"})
    all.push_back(
        {scheduler, std::string("-A -f 1 -s ") + scheduler + "\n-a -f 1 -r 172.16.1.3:80 -m -w 1\n",
         with(service(ByMark{1}, {real("172.16.1.3")}), [&](auto& s) { s.scheduler = scheduler; })});
  return all;
}

class IpvsService : public IpvsClient, public testing::WithParamInterface<Case> {};

TEST_P(IpvsService, WhatWeWriteIpvsadmReads) {
  write({GetParam().value});
  EXPECT_TRUE(same({GetParam().value}, ipvsadm.table())) << ipvsadm.save();
}

TEST_P(IpvsService, WhatIpvsadmWritesWeRead) {
  ipvsadm.restore(GetParam().rules);
  EXPECT_TRUE(same({GetParam().value}, client.table()));
}

INSTANTIATE_TEST_SUITE_P(Each, IpvsService, testing::ValuesIn(cases()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(IpvsClient, ThresholdsAreAsIpvsadmListsThem) {
  Destination limited = real("172.16.1.3");
  limited.upper_threshold = 100;
  limited.lower_threshold = 50;
  write({service(ByMark{1}, {limited})});
  EXPECT_THAT(ipvsadm.run("-Ln --thresholds"), testing::ContainsRegex("-> 172\\.16\\.1\\.3:80 +100 +50 "));
}

TEST_F(IpvsClient, ThresholdsThatIpvsadmSetAreRead) {
  ipvsadm.restore("-A -f 1 -s lc\n-a -f 1 -r 172.16.1.3:80 -m -w 1 -x 100 -y 50\n");
  const auto table = client.table();
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0].destinations.at(0).upper_threshold, 100u);
  EXPECT_EQ(table[0].destinations.at(0).lower_threshold, 50u);
}

TEST_F(IpvsClient, AnyTableIsReachedFromAnyOther) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const Table desired = lblab::fixtures::any_table()(rc::Random(seed), 100).value();
    write(desired);
    ASSERT_TRUE(same(desired, ipvsadm.table())) << "seed " << seed;
    ASSERT_TRUE(same(desired, client.table())) << "seed " << seed;
  }
}

TEST_F(IpvsClient, ALongTableComesBackWhole) {
  Table desired;
  for (std::uint32_t mark = 1; mark <= 20; ++mark) {
    std::vector<Destination> many;
    for (int n = 1; n <= 100; ++n) many.push_back(real((ip("172.16.0.0") + n).str()));
    desired.push_back(service(ByMark{mark}, many));
  }
  write(desired);
  EXPECT_TRUE(same(desired, client.table()));
  EXPECT_TRUE(same(desired, ipvsadm.table()));
}

TEST_F(IpvsClient, AnEqualTableIsReconciledWithoutAWrite) {
  const int family = lblab::fixtures::generic_family("IPVS");
  NetlinkCapture capture{ns};
  const auto writes = [&] {
    return std::ranges::count_if(capture.take(), [&](const auto& m) { return is_ipvs_write(m, family); });
  };
  const Table desired{service(ByMark{1}, {real("172.16.1.3"), real("172.16.1.4")})};
  write(desired);
  ASSERT_EQ(writes(), 3) << "the capture must see a service and two destinations being added";
  write(desired);
  EXPECT_EQ(writes(), 0);
  ns.within([] { return Client(); }).apply(reconcile(desired, client.table()));
  EXPECT_EQ(writes(), 0) << "another client adopts what is there";
}

TEST_F(IpvsClient, StaysInTheNamespaceInWhichItWasMade) {
  const Netns other = Netns::create();
  other.within([&] { write({service(ByMark{1})}); });
  EXPECT_THAT(ipvsadm.save(), StartsWith("-A -f 1"));
  EXPECT_THAT(Ipvsadm{other}.save(), IsEmpty());
}

TEST_F(IpvsClient, ARefusalNamesTheDestinationTheServiceAndTheKernelsReason) {
  client.apply(
      std::vector<Change>{AddService{service(ByMark{1})}, AddDestination{ByMark{1}, real("172.16.1.3")}});
  try {
    client.apply(std::vector<Change>{AddDestination{ByMark{1}, real("172.16.1.3")}});
    FAIL() << "the kernel took one destination twice";
  } catch (const SystemError& e) {
    EXPECT_STREQ(e.what(), "add destination 172.16.1.3:80 to service fwmark 1: File exists");
  }
}

TEST_F(IpvsClient, AServiceThatIsGoneIsNotTakenForAMissingScheduler) {
  try {
    client.apply(std::vector<Change>{EditService{service(ByMark{1})}});
    FAIL() << "the kernel edited a service that it does not have";
  } catch (const SystemError& e) {
    EXPECT_STREQ(e.what(), "edit service fwmark 1: No such process");
  }
}

TEST_F(IpvsClient, AMissingSchedulerNamesItsModule) {
  const auto odd = with(service(ByMark{1}), [](auto& s) { s.scheduler = "nosuch"; });
  try {
    client.apply(std::vector<Change>{AddService{odd}});
    FAIL() << "the kernel has a scheduler nosuch";
  } catch (const SystemError& e) {
    EXPECT_THAT(e.what(),
                AllOf(StartsWith("add service fwmark 1 with scheduler nosuch"), HasSubstr("ip_vs_nosuch")));
    EXPECT_EQ(e.code().value(), ENOENT);
  }
}

TEST_F(IpvsClient, WhatWasAppliedBeforeARefusalStays) {
  const auto odd = with(service(ByMark{2}), [](auto& s) { s.scheduler = "nosuch"; });
  EXPECT_THROW(client.apply(std::vector<Change>{AddService{service(ByMark{1})}, AddService{odd},
                                                AddService{service(ByMark{3})}}),
               SystemError);
  EXPECT_TRUE(same({service(ByMark{1})}, ipvsadm.table()));
}

}  // namespace
}  // namespace lbcore::ipvs
