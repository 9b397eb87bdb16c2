#include "lab/cli/bench_capture.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <vector>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace {

constexpr int kept_bytes = 32 << 20;
constexpr std::size_t longest_packet = 1 << 16;

}  // namespace

BenchCapture::BenchCapture(const sys::Netns& netns, const std::string& interface) {
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(ETH_P_ALL);  // with a protocol's own number it would not see what leaves
  socket_ = netns.within([&] {
    at.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    return sys::Fd{sys::check("open a packet socket",
                              ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  });
  sys::check("find link " + interface, at.sll_ifindex == 0 ? -1 : 0);
  sys::check("keep many packets",
             ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kept_bytes, sizeof kept_bytes));
  sys::check("see the packets of " + interface,
             ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
}

BenchCapture::Counts BenchCapture::count(std::uint16_t port) const {
  Counts counts;
  std::vector<std::uint8_t> packet(longest_packet);
  for (;;) {
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const auto bytes = ::recvfrom(socket_.get(), packet.data(), packet.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
    if (bytes < 0 && errno == EAGAIN) break;
    sys::check("read a packet", static_cast<int>(bytes));
    if (from.sll_protocol != htons(ETH_P_IP)) continue;
    bench::count_packet(std::span(packet).first(static_cast<std::size_t>(bytes)), port,
                        from.sll_pkttype == PACKET_OUTGOING ? counts.out : counts.in);
  }
  tpacket_stats seen{};
  socklen_t length = sizeof seen;
  sys::check("ask for lost packets",
             ::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &seen, &length));
  if (seen.tp_drops > 0)
    throw Failure{lab_fault, "the capture lost " + std::to_string(seen.tp_drops) + " packets"};
  return counts;
}

}  // namespace lblab::cli
