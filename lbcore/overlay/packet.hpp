#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lbcore::overlay {

/// An IPv4 packet in a buffer of others: as long as its own header says (RFC 791, 3.1).
struct Packet {
  std::span<const std::uint8_t> bytes;
  std::uint32_t destination = 0;  // host order
};

/// The packet that these bytes begin with; what follows it is left out. Nothing: they are no IPv4, or not all
/// of what their header says. Sums are left to the kernel that gets the packet.
std::optional<Packet> ipv4_packet(std::span<const std::uint8_t> bytes);

}  // namespace lbcore::overlay
