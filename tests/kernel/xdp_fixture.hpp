#pragma once

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <net/if.h>

#include <memory>
#include <string>
#include <vector>

#include "fixtures/program.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lbcore/xdp/balancer.hpp"
#include "tests/kernel/xdp_packets.hpp"

namespace lblab {

/// What became of a packet.
struct Outcome {
  std::string verdict;
  packets::Bytes packet;
  bool operator==(const Outcome&) const = default;
};
inline void PrintTo(const Outcome& o, std::ostream* out) {
  *out << o.verdict << ", " << o.packet.size() << " bytes" << packets::dump(o.packet);
}
inline Outcome sent(packets::Bytes packet) { return {"TX", std::move(packet)}; }
inline Outcome passed(packets::Bytes packet) { return {"PASS", std::move(packet)}; }

/// A load balancer on `edge`, which is on a link with a gateway, whose frames it gets, and with a real
/// server; packets go through its program by BPF_PROG_TEST_RUN. Works in namespaces of its own.
class XdpTest : public testing::Test {
 protected:
  using Service = lbcore::xdp::Service;
  using RealServer = lbcore::xdp::RealServer;
  using Settings = lbcore::xdp::Settings;
  using Balancer = lbcore::xdp::Balancer;

  static constexpr auto own_mac = "02:00:00:00:00:02", gateway_mac = "02:00:00:00:00:01",
                        near_mac = "02:00:00:00:00:03";
  static constexpr auto own4 = "172.16.1.2", own6 = "fd00:16:1::2";
  // Real servers behind the gateway (tunnel), and on the link (direct).
  static constexpr auto far4 = "172.16.2.2", far6 = "fd00:16:2::2", near4 = "172.16.1.3",
                        near6 = "fd00:16:1::3";
  static constexpr auto client4 = "192.0.2.10", client6 = "2001:db8::10", vip4 = "10.1.1.7",
                        vip6 = "fd00:1::7";

  XdpTest() {
    ip({"link", "add", "edge", "address", own_mac, "type", "veth", "peer", "name", "node", "address",
        gateway_mac});
    for (const auto* link : {"lo", "edge", "node"}) ip({"link", "set", link, "up"});
    index = netns.within([] { return ::if_nametoindex("edge"); });
    ip({"addr", "add", std::string(own4) + "/24", "dev", "edge"});
    ip({"addr", "add", std::string(own6) + "/64", "dev", "edge", "nodad"});
    ip({"route", "add", "default", "via", "172.16.1.1"});
    ip({"-6", "route", "add", "default", "via", "fd00:16:1::1"});
    for (const auto* gateway : {"172.16.1.1", "fd00:16:1::1"}) neighbour(gateway, gateway_mac);
    for (const auto* near : {near4, near6}) neighbour(near, near_mac);
    make();
  }

  void ip(std::vector<std::string> argv) {
    argv.insert(argv.begin(), "ip");
    fixtures::output_of(argv, netns);
  }
  void neighbour(const std::string& address, const std::string& mac) {
    ip({"neigh", "replace", address, "lladdr", mac, "dev", "edge", "nud", "permanent"});
  }
  static Settings settings() {
    return {.interface = "edge", .source4 = packets::ip(own4), .source6 = packets::ip(own6), .modulus = 251};
  }
  /// Anew; what is there is adopted if it was left.
  void make(const Settings& with = settings()) {
    balancer.reset();
    balancer = netns.within([&] { return std::make_unique<Balancer>(with); });
  }

  static Service service(const std::string& addresses, unsigned port, std::vector<RealServer> servers,
                         lbcore::Protocol protocol = lbcore::Protocol::tcp) {
    return {{lbcore::Prefix::parse(addresses).value(), static_cast<std::uint16_t>(port), protocol},
            std::move(servers)};
  }
  static RealServer tunnel(const std::string& address, std::uint32_t weight = 1) {
    return {.address = packets::ip(address), .weight = weight};
  }
  static RealServer direct(const std::string& address, std::uint32_t weight = 1) {
    return {.address = packets::ip(address), .weight = weight, .forwarding = lbcore::Forwarding::direct};
  }

  Outcome run(const packets::Bytes& packet) {
    packets::Bytes out(4096);
    xdp_md context{};
    context.data_end = static_cast<std::uint32_t>(packet.size());
    context.ingress_ifindex = index;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_out = out.data(),
                .data_size_in = static_cast<std::uint32_t>(packet.size()),
                .data_size_out = static_cast<std::uint32_t>(out.size()), .ctx_in = &context,
                .ctx_size_in = sizeof context, .repeat = 1);
    netns.within(
        [&] { sys::check("run the XDP program", bpf_prog_test_run_opts(balancer->program(), &options)); });
    out.resize(options.data_size_out);
    static constexpr const char* names[] = {"ABORTED", "DROP", "PASS", "TX", "REDIRECT"};
    return {options.retval < 5 ? names[options.retval] : std::to_string(options.retval), out};
  }

  /// Frames from the gateway to the load balancer, and what it sends back to the gateway.
  static packets::Bytes in4(const packets::Bytes& packet) {
    return packets::ethernet(own_mac, gateway_mac, 0x800, packet);
  }
  static packets::Bytes in6(const packets::Bytes& packet) {
    return packets::ethernet(own_mac, gateway_mac, 0x86dd, packet);
  }
  static packets::Bytes out4(const packets::Bytes& packet) {
    return packets::ethernet(gateway_mac, own_mac, 0x800, packet);
  }
  static packets::Bytes out6(const packets::Bytes& packet) {
    return packets::ethernet(gateway_mac, own_mac, 0x86dd, packet);
  }

  /// A TCP segment of one flow, by its client port.
  static packets::Bytes segment(unsigned client_port, unsigned flags = packets::ack) {
    return in4(packets::Ipv4{client4, vip4} / packets::tcp(client4, vip4, {client_port, 80, flags}));
  }
  static packets::Bytes segment6(unsigned client_port, unsigned flags = packets::ack) {
    return in6(packets::Ipv6{client6, vip6} / packets::tcp(client6, vip6, {client_port, 80, flags}));
  }
  /// The real server that a tunnelled packet goes to; empty: it is not sent.
  static std::string server_of(const Outcome& outcome) {
    if (outcome.verdict != "TX") return "";
    const bool v6 = outcome.packet.at(12) == 0x86;
    return sys::Address::from_bytes({outcome.packet.data() + (v6 ? 14 + 24 : 14 + 16), v6 ? 16u : 4u}).str();
  }

  sys::Netns netns = sys::Netns::create();
  std::unique_ptr<Balancer> balancer;
  std::uint32_t index = 0;  // of edge
};

}  // namespace lblab
