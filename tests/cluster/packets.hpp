#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/sys/address.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

namespace lblab {

/// An IPv4 packet as an interface saw it.
struct Packet {
  sys::Address from, to;
  int protocol = 0;
  int from_port = 0, to_port = 0;  // TCP
  bool is_syn = false;             // TCP
  int mss = 0;                     // that a SYN tells; 0: none
};

/// All that passes the interfaces of a network namespace, or one of them, both ways, from now on (packet(7)).
/// The kernel hands a packet over before it goes on with it, so what has been answered has been seen.
class Packets {
 public:
  /// interface: an index; 0: all.
  explicit Packets(const sys::Netns& inside, int interface = 0) {
    inside.within([&] {
      socket_ = sys::Fd{sys::check("open a packet socket",
                                   ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
    });
    const int bytes = 64 << 20;
    sys::check("make room for packets",
               ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes));
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = interface;
    sys::check("hear packets", ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  }

  /// Those since the last call. Throws if one was lost.
  std::vector<Packet> take() {
    std::vector<Packet> seen;
    std::array<std::uint8_t, 256> head;
    for (;;) {
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const auto n =
          ::recvfrom(socket_.get(), head.data(), head.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (n < 0) break;
      if (ntohs(from.sll_protocol) == ETH_P_IP && n >= static_cast<ssize_t>(sizeof(iphdr)))
        seen.push_back(parse(head.data(), static_cast<std::size_t>(n)));
    }
    tpacket_stats lost{};
    socklen_t length = sizeof lost;
    sys::check("count lost packets",
               ::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &lost, &length));
    if (lost.tp_drops) throw std::runtime_error("the capture lost packets");
    return seen;
  }

  /// Until there is another one; false: there was none by then.
  bool wait_until(std::chrono::steady_clock::time_point deadline) const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd socket{socket_.get(), POLLIN, 0};
    return ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) == 1;
  }

 private:
  static Packet parse(const std::uint8_t* bytes, std::size_t count) {
    iphdr ip;
    std::memcpy(&ip, bytes, sizeof ip);
    Packet packet{.from = sys::Address::v4(ntohl(ip.saddr)),
                  .to = sys::Address::v4(ntohl(ip.daddr)),
                  .protocol = ip.protocol};
    const std::size_t header = ip.ihl * 4u;
    if (ip.protocol != IPPROTO_TCP || count < header + sizeof(tcphdr)) return packet;
    tcphdr tcp;
    std::memcpy(&tcp, bytes + header, sizeof tcp);
    packet.from_port = ntohs(tcp.source);
    packet.to_port = ntohs(tcp.dest);
    packet.is_syn = tcp.syn;
    // Linux writes the segment size as the first option (RFC 9293, 3.7.1: kind 2, length 4).
    const auto* option = bytes + header + sizeof tcp;
    if (tcp.syn && count >= header + sizeof tcp + 4 && option[0] == 2)
      packet.mss = option[2] << 8 | option[3];
    return packet;
  }

  sys::Fd socket_;
};

/// What packets are to a service at port 80.
struct Way {
  long requests = 0, answers = 0;  // of its clients, and to them
  long wrapped = 0;                // IP-in-IP, whosever

  Way& operator+=(const Way& other) {
    requests += other.requests;
    answers += other.answers;
    wrapped += other.wrapped;
    return *this;
  }
};
inline Way way_of(const std::vector<Packet>& packets, const sys::Prefix& service) {
  Way way;
  for (const auto& p : packets) {
    const bool is_tcp = p.protocol == IPPROTO_TCP;
    way.requests += is_tcp && p.to_port == 80 && service.contains(p.to);
    way.answers += is_tcp && p.from_port == 80 && service.contains(p.from);
    way.wrapped += p.protocol == IPPROTO_IPIP;
  }
  return way;
}

}  // namespace lblab
