#pragma once

#include <cstdint>
#include <optional>
#include <span>

/// What packets take up on an Ethernet. Pure.
namespace lblab::bench {

/// Preamble, Ethernet header, frame check sequence and the gap between frames: what the papers' Appendix C
/// adds to an IP packet (their Table C.3; IEEE 802.3). Short frames are not padded here, as there.
inline constexpr std::uint64_t ethernet_bytes = 8 + 14 + 4 + 12;

struct WireCount {
  std::uint64_t packets = 0, payload = 0, bytes = 0;  // payload: of TCP; bytes: all, with ethernet_bytes each
  bool operator==(const WireCount&) const = default;
};

/// Adds an IPv4 packet (RFC 791), from its IP header on, if it is TCP (RFC 9293) from or to this port, be it
/// wrapped in IP-in-IP (RFC 2003), or in VXLAN (RFC 7348) with its Ethernet header, or not. Whether it is;
/// what is cut short, or another kind of packet, is not.
bool count_packet(std::span<const std::uint8_t> packet, std::uint16_t port, WireCount&);

}  // namespace lblab::bench
