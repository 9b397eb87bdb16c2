#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "lab/sys/address.hpp"

/// Packets as the RFCs lay them out, for tests of what sends packets: nothing here knows the code under test.
namespace lblab::packets {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes be16(unsigned v) { return {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}; }
inline Bytes be32(std::uint32_t v) { return be16(v >> 16) + be16(v & 0xffff); }
inline Bytes bytes_of(const sys::Address& a) { return {a.bytes().begin(), a.bytes().end()}; }
inline sys::Address ip(const std::string& text) { return sys::Address::parse(text).value(); }

/// "02:00:00:00:00:01"
inline Bytes mac(const std::string& text) {
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 3)
    out.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return out;
}

/// RFC 1071: the one's complement of the one's complement sum of 16-bit words, an odd byte padded with zero.
/// Over data that holds its own checksum it gives 0.
inline unsigned internet_checksum(const Bytes& data) {
  unsigned long sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2)
    sum += (static_cast<unsigned long>(data[i]) << 8) + (i + 1 < data.size() ? data[i + 1] : 0);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<unsigned>(~sum & 0xffff);
}

inline Bytes patched(Bytes data, std::size_t at, const Bytes& with) {
  std::copy(with.begin(), with.end(), data.begin() + static_cast<std::ptrdiff_t>(at));
  return data;
}

/// RFC 894, RFC 2464
inline Bytes ethernet(const std::string& to, const std::string& from, unsigned type, const Bytes& payload) {
  return mac(to) + mac(from) + be16(type) + payload;
}

/// RFC 791, 3.1
struct Ipv4 {
  std::string from, to;
  unsigned protocol = 6, ttl = 64, tos = 0, id = 0x1234;
  unsigned flags_and_offset = 0x4000;  // DF
  Bytes options = {};                  // a multiple of 4
};
inline Bytes operator/(const Ipv4& h, const Bytes& payload) {
  const auto length = 20 + h.options.size();
  const Bytes first = {static_cast<std::uint8_t>(0x40 | length / 4), static_cast<std::uint8_t>(h.tos)};
  const Bytes ttl = {static_cast<std::uint8_t>(h.ttl), static_cast<std::uint8_t>(h.protocol)};
  const Bytes header = first + be16(static_cast<unsigned>(length + payload.size())) + be16(h.id) +
                       be16(h.flags_and_offset) + ttl + be16(0) + bytes_of(ip(h.from)) + bytes_of(ip(h.to)) +
                       h.options;
  return patched(header, 10, be16(internet_checksum(header))) + payload;
}

/// RFC 8200, 3
struct Ipv6 {
  std::string from, to;
  unsigned next = 6, hop_limit = 64, traffic_class = 0, flow_label = 0;
};
inline Bytes operator/(const Ipv6& h, const Bytes& payload) {
  const Bytes limits = {static_cast<std::uint8_t>(h.next), static_cast<std::uint8_t>(h.hop_limit)};
  return be32(6u << 28 | h.traffic_class << 20 | h.flow_label) + be16(static_cast<unsigned>(payload.size())) +
         limits + bytes_of(ip(h.from)) + bytes_of(ip(h.to)) + payload;
}

/// The pseudo header of RFC 9293, 3.1 and RFC 8200, 8.1 before a segment.
inline Bytes with_pseudo_header(const std::string& from, const std::string& to, unsigned protocol,
                                const Bytes& segment) {
  const auto length = static_cast<std::uint32_t>(segment.size());
  const Bytes ends = bytes_of(ip(from)) + bytes_of(ip(to));
  if (ends.size() == 8) return ends + be16(protocol) + be16(length) + segment;
  return ends + be32(length) + be32(protocol) + segment;
}

enum : unsigned { fin = 1, syn = 2, rst = 4, ack = 0x10 };

/// RFC 9293, 3.1, without options
struct Tcp {
  unsigned from = 40'000, to = 80, flags = ack;
};
inline Bytes tcp(const std::string& from, const std::string& to, const Tcp& t, const Bytes& data = {}) {
  const Bytes segment = be16(t.from) + be16(t.to) + be32(1'000) + be32(2'000) + be16(0x5000 | t.flags) +
                        be16(65'535) + be16(0) + be16(0) + data;
  return patched(segment, 16, be16(internet_checksum(with_pseudo_header(from, to, 6, segment))));
}

/// RFC 768
inline Bytes udp(const std::string& from, const std::string& to, unsigned source, unsigned destination,
                 const Bytes& data = {}) {
  const Bytes datagram =
      be16(source) + be16(destination) + be16(static_cast<unsigned>(8 + data.size())) + be16(0) + data;
  const auto sum = internet_checksum(with_pseudo_header(from, to, 17, datagram));
  return patched(datagram, 6, be16(sum == 0 ? 0xffff : sum));
}

/// RFC 792; `rest` is the second word (the MTU of the next hop in RFC 1191)
inline Bytes icmp(unsigned type, unsigned code, std::uint32_t rest, const Bytes& quoted) {
  const Bytes message =
      Bytes{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code)} + be16(0) + be32(rest) + quoted;
  return patched(message, 2, be16(internet_checksum(message)));
}

/// RFC 4443, 2.1
inline Bytes icmp6(const std::string& from, const std::string& to, unsigned type, unsigned code,
                   std::uint32_t rest, const Bytes& quoted) {
  const Bytes message = icmp(type, code, rest, quoted);
  const auto cleared = patched(message, 2, be16(0));
  return patched(message, 2, be16(internet_checksum(with_pseudo_header(from, to, 58, cleared))));
}

/// Hexadecimal, sixteen bytes a line, as people compare packets.
inline std::string dump(const Bytes& bytes) {
  std::ostringstream out;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out << (i % 16 == 0 ? "\n    " : " ") << std::hex << std::setw(2) << std::setfill('0')
        << unsigned{bytes[i]};
  return out.str();
}

}  // namespace lblab::packets
