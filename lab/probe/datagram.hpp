#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lab/probe/socket.hpp"

/// What `udp` and `echo` send each other: 64 bytes, numbers in network order, questions as long as answers.
///
///      0  "LBPR"      4  version, 1      5  kind         6  flow (16 bits)
///      8  run (32)   12  number (64)
///     20  server: family (0, 4, 6), 16 bytes of address
///     37  seen: family, 16 bytes of address, port (16)
///     56  zeros
namespace lblab::probe {

struct Datagram {
  enum class Kind : std::uint8_t { question, answer };
  Kind kind = Kind::question;
  std::uint32_t run = 0;  // a probe's own, so that it passes over answers to another
  std::uint16_t flow = 0;
  std::uint64_t number = 0;
  std::optional<sys::Address> server;  // answers: who it is
  std::optional<Endpoint> seen;        // answers: whom it saw
  bool operator==(const Datagram&) const = default;
};

inline constexpr std::size_t datagram_bytes = 64;
using DatagramBytes = std::array<std::uint8_t, datagram_bytes>;

DatagramBytes encode(const Datagram&);
/// Empty for what is none: another length or version, an answer without its addresses, a question with some.
std::optional<Datagram> decode(std::span<const std::uint8_t>);

}  // namespace lblab::probe
