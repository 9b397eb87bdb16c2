#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lblab::sys {

/// An IPv4 or IPv6 address. The one address type of the project: model, nl and lbcore share it.
class Address {
 public:
  Address() = default;  // 0.0.0.0
  static Address v4(std::uint32_t host_order);
  static std::optional<Address> parse(std::string_view text);
  /// bytes: 4 or 16, network order.
  static Address from_bytes(std::span<const std::uint8_t> bytes);

  int family() const;  // AF_INET or AF_INET6
  int bits() const { return v6_ ? 128 : 32; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), v6_ ? 16u : 4u}; }
  /// Host order; v4 only.
  std::uint32_t v4_number() const;
  /// The address `offset` further on (carries through all bytes).
  Address operator+(std::uint64_t offset) const;
  std::string str() const;

  auto operator<=>(const Address&) const = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

/// An address with a prefix length. As an interface address it keeps its host bits ("10.0.0.105/16"); as a
/// network it has none: see network().
struct Prefix {
  Address address;
  int length = 0;

  /// "A/L", or a bare address as /32 or /128.
  static std::optional<Prefix> parse(std::string_view text);
  Prefix network() const;  // host bits cleared
  bool is_network() const { return network() == *this; }
  bool contains(const Address&) const;
  bool contains(const Prefix&) const;
  bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
  std::string str() const;

  auto operator<=>(const Prefix&) const = default;
};

}  // namespace lblab::sys
