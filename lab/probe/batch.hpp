#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "lab/probe/datagram.hpp"

namespace lblab::probe {

/// Room for the datagrams of one recvmmsg(2), used again and again. It does not move: its parts point at each
/// other.
class Batch {
 public:
  Batch() = default;
  Batch(const Batch&) = delete;

  /// What has arrived, as much as there is room for; nothing also for an ICMP error, which is so taken off
  /// the socket.
  std::span<mmsghdr> receive(const sys::Fd&);
  /// The same datagrams, as they are now, each to where its message says. One that the kernel refuses is
  /// lost.
  void send(const sys::Fd&, std::span<mmsghdr>);

  static std::span<std::uint8_t> bytes(const mmsghdr& message) {
    return {static_cast<std::uint8_t*>(message.msg_hdr.msg_iov->iov_base), message.msg_len};
  }
  static Endpoint from(const mmsghdr& message) {
    return endpoint(*static_cast<const sockaddr_storage*>(message.msg_hdr.msg_name));
  }

 private:
  static constexpr std::size_t most = 32;
  struct Slot {
    std::array<std::uint8_t, 2 * datagram_bytes> bytes;  // what is too long shows
    sockaddr_storage from;
    iovec buffer;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(in6_pktinfo))> control;
  };
  std::array<Slot, most> slots_{};
  std::array<mmsghdr, most> messages_{};
};

}  // namespace lblab::probe
