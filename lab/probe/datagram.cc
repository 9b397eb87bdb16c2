#include "lab/probe/datagram.hpp"

#include <algorithm>
#include <string_view>

namespace lblab::probe {

namespace {

constexpr std::string_view magic = "LBPR";
constexpr std::uint8_t version = 1;
constexpr std::size_t server_at = 20, seen_at = 37, address_bytes = 17, port_at = seen_at + address_bytes,
                      end_at = port_at + 2;

template <class Number>
void put(std::span<std::uint8_t> bytes, std::size_t at, Number number) {
  for (std::size_t i = sizeof number; i-- > 0; number = static_cast<Number>(number >> 7 >> 1))
    bytes[at + i] = static_cast<std::uint8_t>(number);
}

template <class Number>
Number get(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8 | bytes[at + i];
  return static_cast<Number>(number);
}

void put_address(std::span<std::uint8_t> bytes, std::size_t at, const sys::Address& address) {
  bytes[at] = address.bits() == 32 ? 4 : 6;
  std::ranges::copy(address.bytes(), bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

std::optional<sys::Address> get_address(std::span<const std::uint8_t> bytes, std::size_t at) {
  if (bytes[at] == 4) return sys::Address::from_bytes(bytes.subspan(at + 1, 4));
  if (bytes[at] == 6) return sys::Address::from_bytes(bytes.subspan(at + 1, 16));
  return std::nullopt;
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

bool is_framed(std::span<const std::uint8_t> bytes) {
  return bytes.size() == datagram_bytes && std::equal(magic.begin(), magic.end(), bytes.begin()) &&
         bytes[4] == version && bytes[5] <= 1 && is_zero(bytes.subspan(end_at));
}

}  // namespace

DatagramBytes encode(const Datagram& datagram) {
  DatagramBytes bytes{};
  std::ranges::copy(magic, bytes.begin());
  bytes[4] = version;
  bytes[5] = static_cast<std::uint8_t>(datagram.kind);
  put(bytes, 6, datagram.flow);
  put(bytes, 8, datagram.run);
  put(bytes, 12, datagram.number);
  if (datagram.server) put_address(bytes, server_at, *datagram.server);
  if (datagram.seen) {
    put_address(bytes, seen_at, datagram.seen->address);
    put(bytes, port_at, datagram.seen->port);
  }
  return bytes;
}

std::optional<Datagram> decode(std::span<const std::uint8_t> bytes) {
  if (!is_framed(bytes)) return std::nullopt;
  Datagram datagram{.kind = static_cast<Datagram::Kind>(bytes[5]),
                    .run = get<std::uint32_t>(bytes, 8),
                    .flow = get<std::uint16_t>(bytes, 6),
                    .number = get<std::uint64_t>(bytes, 12),
                    .server = get_address(bytes, server_at)};
  if (const auto seen = get_address(bytes, seen_at))
    datagram.seen = Endpoint{*seen, get<std::uint16_t>(bytes, port_at)};
  const bool is_whole = datagram.kind == Datagram::Kind::answer ? datagram.server && datagram.seen
                                                                : is_zero(bytes.subspan(server_at));
  return is_whole ? std::optional{datagram} : std::nullopt;
}

}  // namespace lblab::probe
