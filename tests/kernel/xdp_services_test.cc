#include <bpf/libbpf.h>

#include <array>
#include <map>

#include "lbcore/xdp/maps.hpp"
#include "tests/kernel/xdp_fixture.hpp"

namespace lblab {
namespace {

using namespace packets;
using lbcore::Forwarding;
using lbcore::Protocol;
using lbcore::xdp::Connections;
using lbcore::xdp::Traffic;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

/// What set_services() changes, what is counted, and what the next load balancer finds.
class XdpServices : public XdpTest {
 protected:
  std::size_t set(std::vector<Service> services) { return balancer->set_services(services); }
  std::string attached() { return fixtures::output_of({"ip", "-d", "link", "show", "dev", "edge"}, netns); }
  /// A map of the attached program, by its name.
  sys::Fd map(std::string_view name) const {
    std::array<std::uint32_t, 64> ids{};
    bpf_prog_info program{};
    program.nr_map_ids = ids.size();
    program.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    std::uint32_t size = sizeof program;
    sys::check("read about the program", bpf_obj_get_info_by_fd(balancer->program(), &program, &size));
    for (std::uint32_t i = 0; i < program.nr_map_ids; ++i) {
      sys::Fd fd{sys::check("open a map", bpf_map_get_fd_by_id(ids[i]))};
      bpf_map_info about{};
      size = sizeof about;
      sys::check("read about a map", bpf_obj_get_info_by_fd(fd.get(), &about, &size));
      if (about.name == name) return fd;
    }
    throw std::runtime_error("there is no such map");
  }
  /// As if nothing had come of IPv4 connections for so much longer.
  void fall_silent(std::chrono::nanoseconds for_longer) const {
    const auto flows = map("flows4");
    for (const auto& key : lbcore::xdp::keys<xdp_flow4>("list flows", flows.get())) {
      auto choice = lbcore::xdp::get<xdp_choice>("read a flow", flows.get(), key).value();
      if (choice.seen != XDP_ENDED)
        choice.seen -= static_cast<std::uint32_t>(for_longer.count() >> XDP_SEEN_SHIFT);
      lbcore::xdp::put("age a flow", flows.get(), key, choice);
    }
  }
  const std::string a = "172.16.2.2", b = "172.16.3.2", c = "172.16.4.2";
};

TEST_F(XdpServices, AChangeTouchesOnlyWhatDiffers) {
  const auto other = service("10.1.2.0/24", 80, {tunnel(a)});
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a)})}), 5u)
      << "a server, a table made and filled, the service, its fragments";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a)}), other}), 5u) << "as many for another";
  EXPECT_EQ(set({other, service("10.1.1.0/24", 80, {tunnel(a)})}), 0u) << "nothing differs";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(b), tunnel(a)}), other}), 2u) << "a server and the table";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a), tunnel(b)}), other}), 0u)
      << "the order is no difference";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a), tunnel(b, 0)}), other}), 2u)
      << "the server and the table";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a)}), other}), 1u) << "the server: it had no entries";
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a)}), service("10.1.1.0/24", 443, {tunnel(a)}), other}),
            4u)
      << "the fragments are those of the addresses";
  EXPECT_EQ(set({service("10.1.1.0/24", 443, {tunnel(a)}), other}), 3u) << "service, table, server";
  EXPECT_EQ(set({other}), 4u);
  EXPECT_EQ(set({}), 4u);
}

TEST_F(XdpServices, PacketsAndBytesAreCountedPerServiceServerAndCpu) {
  set({service("10.1.1.0/24", 80, {tunnel(a), tunnel(b)}), service("fd00:1::/64", 80, {tunnel(far6)})});
  std::map<std::string, Traffic> wanted;
  for (unsigned port = 1'024; port < 1'124; ++port) {
    const auto packet = segment(port);
    wanted[server_of(run(packet))] += {1, packet.size() - 14};
  }
  run(segment(1'024, syn | ack) + Bytes(6, 0));  // what pads the frame is not the packet's
  const auto counters = balancer->counters();
  ASSERT_THAT(counters, SizeIs(2));
  EXPECT_EQ(counters[0].name.str(), "tcp 10.1.1.0/24:80");
  EXPECT_EQ(counters[0].total(), (Traffic{101, 101 * 40}));
  Traffic of_servers;
  for (const auto& server : counters[0].servers) of_servers += server.total();
  EXPECT_EQ(of_servers, counters[0].total());
  EXPECT_GE(counters[0].servers[0].total().packets, wanted[a].packets);
  EXPECT_GE(counters[0].servers[1].total().packets, wanted[b].packets);
  EXPECT_THAT(counters[0].per_cpu, SizeIs(libbpf_num_possible_cpus()));
  EXPECT_EQ(counters[1].total(), Traffic{}) << counters[1].name.str();
  EXPECT_EQ(balancer->events().chosen, 100u) << "the packet after was remembered";
}

TEST_F(XdpServices, AConnectionIsActiveUntilItsClientEndsItOrFallsSilent) {
  set({service("10.1.1.0/24", 80, {tunnel(a)}), service("fd00:1::/64", 80, {tunnel(far6)})});
  const auto connections = [&](std::size_t service) {
    return balancer->counters()[service].servers[0].connections;
  };
  for (unsigned port = 1'024; port < 1'034; ++port) run(segment(port, syn)), run(segment6(port, syn));
  EXPECT_EQ(connections(0), (Connections{10, 0}));
  EXPECT_EQ(connections(1), (Connections{10, 0}));
  for (const unsigned port : {1'024u, 1'025u, 1'026u}) run(segment(port, fin | ack));
  run(segment(1'027, rst));
  EXPECT_EQ(connections(0), (Connections{6, 4}));
  run(segment(1'024, ack));
  EXPECT_EQ(connections(0), (Connections{6, 4})) << "the answer to the server's FIN";
  run(segment(1'025, syn));
  EXPECT_EQ(connections(0), (Connections{7, 3})) << "another connection";

  fall_silent(std::chrono::seconds{4});
  EXPECT_EQ(connections(0), (Connections{7, 3}));
  fall_silent(std::chrono::seconds{4});
  EXPECT_EQ(connections(0), (Connections{0, 10}));
  EXPECT_EQ(connections(1), (Connections{10, 0}));
  run(segment(1'028));
  EXPECT_EQ(connections(0), (Connections{1, 9}));

  set({service("10.1.1.0/24", 80, {tunnel(b)}), service("fd00:1::/64", 80, {tunnel(far6)})});
  EXPECT_EQ(connections(0), Connections{}) << "another server";
}

TEST_F(XdpServices, ANewServiceInTheSlotOfAnOldOneBeginsAtZero) {
  set({service("10.1.1.0/24", 80, {tunnel(a)})});
  run(segment(1'024));
  set({});
  set({service("10.1.1.0/24", 80, {tunnel(a)})});
  EXPECT_EQ(balancer->counters()[0].total(), Traffic{});
  EXPECT_EQ(balancer->counters()[0].servers[0].total(), Traffic{});
}

TEST_F(XdpServices, WhatWasLeftIsAdoptedWithItsConnectionsAndCounters) {
  const auto service_of = [&](std::vector<RealServer> servers) {
    return service("10.1.1.0/24", 80, std::move(servers));
  };
  const std::vector<Service> services = {service_of({tunnel(a, 7), tunnel(b, 7), tunnel(c, 0)}),
                                         service("fd00:1::/64", 80, {tunnel(far6)})};
  set(services);
  std::map<unsigned, std::string> before;
  for (unsigned port = 1'024; port < 1'124; ++port) before[port] = server_of(run(segment(port, syn)));
  balancer->leave();
  balancer.reset();
  EXPECT_THAT(attached(), HasSubstr("xdp"));
  make();
  EXPECT_TRUE(balancer->adopted());
  EXPECT_EQ(balancer->services(), services);
  EXPECT_EQ(set(services), 0u);
  EXPECT_EQ(balancer->counters()[0].total().packets, 100u);
  EXPECT_EQ(set({service_of({tunnel(a, 7), tunnel(b, 7), tunnel(c, 7)}), services[1]}), 2u);
  for (const auto& [port, server] : before) EXPECT_EQ(server_of(run(segment(port))), server) << port;
  EXPECT_EQ(set({}), 10u) << "all of it can be removed: two services, tables and fragments, four servers";
}

TEST_F(XdpServices, TablesOfAnotherSizeAreNotAdopted) {
  set({service("10.1.1.0/24", 80, {tunnel(a)})});
  balancer->leave();
  auto larger = settings();
  larger.modulus = 509;
  make(larger);
  EXPECT_FALSE(balancer->adopted());
  EXPECT_EQ(run(segment(1'024)), passed(segment(1'024)));
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {tunnel(a)})}), 5u);
  EXPECT_EQ(server_of(run(segment(1'024))), a);
}

TEST_F(XdpServices, WhatIsNotLeftIsDetached) {
  EXPECT_THAT(attached(), HasSubstr("xdp"));
  balancer.reset();
  EXPECT_THAT(attached(), testing::Not(HasSubstr("xdp")));
}

TEST_F(XdpServices, AnothersProgramIsLeftAlone) {
  balancer.reset();
  const bpf_insn pass[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
                           {.code = BPF_JMP | BPF_EXIT}};
  const sys::Fd program{
      sys::check("load a program", bpf_prog_load(BPF_PROG_TYPE_XDP, "anothers", "GPL", pass, 2, nullptr))};
  netns.within(
      [&] { sys::check("attach it", bpf_xdp_attach(static_cast<int>(index), program.get(), 0, nullptr)); });
  EXPECT_THAT([&] { make(); }, ThrowsMessage<sys::SystemError>(
                                   HasSubstr("attach to edge, which has the XDP program 'anothers'")));
  EXPECT_THAT(attached(), HasSubstr("xdp"));
}

TEST_F(XdpServices, AMistakeChangesNothing) {
  const auto good = service("10.1.1.0/24", 80, {tunnel(a)});
  set({good});
  auto nat = tunnel(a);
  nat.forwarding = Forwarding::nat;
  const std::vector<std::pair<Service, const char*>> wrong = {
      {good, "balance tcp 10.1.1.0/24:80, which is there twice: Invalid argument"},
      {service("10.1.2.1/24", 80, {tunnel(b)}), "balance tcp 10.1.2.1/24:80, which has host bits"},
      {service("10.1.2.0/24", 80, {tunnel(b), tunnel(b)}), "over 172.16.3.2, which is there twice"},
      {service("10.1.2.0/24", 0, {tunnel(far6)}),
       "balance tcp 10.1.2.0/24, any port over fd00:16:2::2, of another family"},
      {service("fd00:1::7/128", 53, {tunnel(far4)}, Protocol::udp),
       "balance udp [fd00:1::7]:53 over 172.16.2.2, of another family"},
      {service("10.1.2.0/24", 80, {nat}), "over 172.16.2.2 by NAT"},
      {service("10.1.2.0/24", 80, {tunnel(a, 65'536)}), "over 172.16.2.2, of too much weight"},
  };
  for (const auto& [service, message] : wrong) {
    EXPECT_THAT([&] { set({good, service}); }, ThrowsMessage<sys::SystemError>(HasSubstr(message)));
    EXPECT_EQ(set({good}), 0u) << message;
  }
  auto without = settings();
  without.source4.reset();
  make(without);
  EXPECT_THAT([&] { set({good}); },
              ThrowsMessage<sys::SystemError>(HasSubstr("by a tunnel without a source")));
  EXPECT_EQ(set({service("10.1.1.0/24", 80, {direct(near4)})}), 5u) << "needs none";
}

TEST_F(XdpServices, AnInterfaceThatIsNotThereIsNamed) {
  auto elsewhere = settings();
  elsewhere.interface = "nowhere";
  EXPECT_THAT([&] { make(elsewhere); }, ThrowsMessage<sys::SystemError>(HasSubstr("nowhere")));
}

}  // namespace
}  // namespace lblab
