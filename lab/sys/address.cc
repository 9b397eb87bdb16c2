#include "lab/sys/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace lblab::sys {

Address Address::v4(std::uint32_t n) {
  Address a;
  for (int i = 0; i < 4; ++i) a.bytes_[i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
  return a;
}

std::optional<Address> Address::parse(std::string_view view) {
  const std::string text(view);
  Address a;
  a.v6_ = text.find(':') != std::string::npos;
  if (inet_pton(a.family(), text.c_str(), a.bytes_.data()) != 1) return std::nullopt;
  return a;
}

Address Address::from_bytes(std::span<const std::uint8_t> bytes) {
  Address a;
  a.v6_ = bytes.size() == 16;
  std::copy_n(bytes.begin(), a.v6_ ? 16 : 4, a.bytes_.begin());
  return a;
}

int Address::family() const { return v6_ ? AF_INET6 : AF_INET; }

std::uint32_t Address::v4_number() const {
  std::uint32_t n = 0;
  for (int i = 0; i < 4; ++i) n = n << 8 | bytes_[i];
  return n;
}

Address Address::operator+(std::uint64_t offset) const {
  Address a = *this;
  for (int i = bits() / 8 - 1; i >= 0 && offset; --i) {
    offset += a.bytes_[i];
    a.bytes_[i] = static_cast<std::uint8_t>(offset);
    offset >>= 8;
  }
  return a;
}

std::string Address::str() const {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family(), bytes_.data(), text, sizeof text);
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, address->bits()};
  const auto digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length < 0 || length > address->bits())
    return std::nullopt;
  return Prefix{*address, length};
}

Prefix Prefix::network() const {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  for (int bit = length; bit < address.bits(); ++bit)
    bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  return {Address::from_bytes({bytes.data(), address.bytes().size()}), length};
}

bool Prefix::contains(const Address& a) const {
  return a.family() == address.family() && Prefix{a, length}.network() == network();
}

bool Prefix::contains(const Prefix& p) const { return p.length >= length && contains(p.address); }

std::string Prefix::str() const { return address.str() + "/" + std::to_string(length); }

}  // namespace lblab::sys
