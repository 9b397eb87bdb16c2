#include "lab/nl/builder.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "lab/sys/error.hpp"

namespace lblab::nl {

void Builder::overflow() { throw std::length_error("a netlink message of more than 8 KiB"); }

void Builder::reserve(std::size_t bytes) const {
  if (head_->nlmsg_len + MNL_ALIGN(bytes) > buffer_.size()) overflow();
}

Builder& Builder::put(std::uint16_t type, const void* data, std::size_t bytes) {
  if (!mnl_attr_put_check(head_, buffer_.size(), type, bytes, data)) overflow();
  return *this;
}

Builder& Builder::mac(std::uint16_t type, const std::string& value) {
  constexpr std::size_t bytes = 6, length = 3 * bytes - 1;
  std::uint8_t b[bytes];
  bool good = value.size() == length;
  for (std::size_t n = 0; good && n < bytes; ++n) {
    const char* digits = value.data() + 3 * n;
    const auto [end, error] = std::from_chars(digits, digits + 2, b[n], 16);
    good = error == std::errc{} && end == digits + 2 && (n + 1 == bytes || *end == ':');
  }
  if (!good) throw sys::SystemError{"read the MAC address " + value, EINVAL};
  return put(type, b, sizeof b);
}

std::string format_mac(const void* bytes, std::size_t count) {
  if (count != 6) return "";
  const auto* b = static_cast<const std::uint8_t*>(bytes);
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2], b[3], b[4], b[5]);
}

}  // namespace lblab::nl
