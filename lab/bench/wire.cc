#include "lab/bench/wire.hpp"

namespace lblab::bench {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t ipip = 4, tcp = 6, udp = 17;
constexpr std::size_t word = 4;  // headers count their length in words
constexpr std::uint16_t vxlan_port = 4789;
constexpr std::size_t udp_header = 8, vxlan_header = 8, ethernet_header = 14, least_ip = 20, least_tcp = 20;

std::uint16_t number(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}

struct Ip {
  std::uint8_t protocol;
  Bytes content;
};

std::optional<Ip> parse_ip(Bytes packet) {
  constexpr std::size_t length_at = 2, protocol_at = 9;
  if (packet.size() < least_ip || packet[0] >> 4U != 4) return std::nullopt;
  const std::size_t header = (packet[0] & 0xfU) * word, length = number(packet, length_at);
  if (header < least_ip || length < header || length > packet.size()) return std::nullopt;
  return Ip{packet[protocol_at], packet.subspan(header, length - header)};
}

/// The payload of the TCP segment in it, however it is wrapped, if it is of this port.
std::optional<std::size_t> payload(const Ip& ip, std::uint16_t port) {
  constexpr std::size_t offset_at = 12;
  if (ip.protocol == ipip) {
    const auto inner = parse_ip(ip.content);
    return inner ? payload(*inner, port) : std::nullopt;
  }
  if (ip.protocol == udp && ip.content.size() > udp_header + vxlan_header + ethernet_header &&
      number(ip.content, 2) == vxlan_port) {
    const auto inner = parse_ip(ip.content.subspan(udp_header + vxlan_header + ethernet_header));
    return inner ? payload(*inner, port) : std::nullopt;
  }
  if (ip.protocol != tcp || ip.content.size() < least_tcp) return std::nullopt;
  if (number(ip.content, 0) != port && number(ip.content, 2) != port) return std::nullopt;
  const std::size_t header = (ip.content[offset_at] >> 4U) * word;
  if (header < least_tcp || header > ip.content.size()) return std::nullopt;
  return ip.content.size() - header;
}

}  // namespace

bool count_packet(Bytes packet, std::uint16_t port, WireCount& count) {
  const auto ip = parse_ip(packet);
  const auto bytes = ip ? payload(*ip, port) : std::nullopt;
  if (!bytes) return false;
  ++count.packets;
  count.payload += *bytes;
  constexpr std::size_t length_at = 2;
  count.bytes += number(packet, length_at) + ethernet_bytes;
  return true;
}

}  // namespace lblab::bench
