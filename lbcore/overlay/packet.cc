#include "lbcore/overlay/packet.hpp"

namespace lbcore::overlay {

namespace {

// RFC 791, 3.1
constexpr std::size_t shortest_header = 20, total_length_at = 2, destination_at = 16;

std::uint32_t number(std::span<const std::uint8_t> bytes) {
  constexpr int bits_a_byte = 8;
  std::uint32_t n = 0;
  for (const auto byte : bytes) n = n << bits_a_byte | byte;
  return n;
}

}  // namespace

std::optional<Packet> ipv4_packet(std::span<const std::uint8_t> bytes) {
  constexpr int version_shift = 4;
  constexpr std::uint8_t length_mask = 0x0f;
  constexpr std::size_t bytes_a_word = 4;
  if (bytes.size() < shortest_header || bytes[0] >> version_shift != 4) return std::nullopt;
  const std::size_t header = (bytes[0] & length_mask) * bytes_a_word;
  const std::size_t total = number(bytes.subspan(total_length_at, 2));
  if (header < shortest_header || header > total || total > bytes.size()) return std::nullopt;
  return Packet{bytes.first(total), number(bytes.subspan(destination_at, 4))};
}

}  // namespace lbcore::overlay
