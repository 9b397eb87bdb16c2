#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "lab/nl/socket.hpp"
#include "lab/sys/address.hpp"

/// For the .cc files of this room only: the one place, with socket.cc, that knows libmnl.
namespace lblab::nl {

/// Builds one message in place: header, fixed body, attributes. Throws std::length_error if it outgrows the
/// buffer.
class Builder {
 public:
  /// Body: ifinfomsg, rtmsg, …
  template <class Body>
  Builder(std::uint16_t type, std::uint16_t flags, const Body& body) {
    head_ = mnl_nlmsg_put_header(buffer_.data());
    head_->nlmsg_type = type;
    head_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    *static_cast<Body*>(mnl_nlmsg_put_extra_header(head_, sizeof body)) = body;
  }

  Builder& put(std::uint16_t type, const void* data, std::size_t bytes);
  Builder& u8(std::uint16_t type, std::uint8_t value) { return put(type, &value, sizeof value); }
  Builder& u16(std::uint16_t type, std::uint16_t value) { return put(type, &value, sizeof value); }
  Builder& u32(std::uint16_t type, std::uint32_t value) { return put(type, &value, sizeof value); }
  Builder& text(std::uint16_t type, const std::string& value) {
    return put(type, value.c_str(), value.size() + 1);
  }
  Builder& address(std::uint16_t type, const sys::Address& value) {
    return put(type, value.bytes().data(), value.bytes().size());
  }
  /// "02:00:…"; throws SystemError (EINVAL) if it is not a MAC address.
  Builder& mac(std::uint16_t type, const std::string& value);
  /// Bytes without an attribute header: what some nests start with.
  template <class T>
  T* raw() {
    reserve(sizeof(T));
    return static_cast<T*>(mnl_nlmsg_put_extra_header(head_, sizeof(T)));
  }
  const char* tail() const { return static_cast<const char*>(mnl_nlmsg_get_payload_tail(head_)); }

  /// Puts what `fill` adds inside an attribute.
  template <class F>
  Builder& nest(std::uint16_t type, F&& fill) {
    nlattr* open = mnl_attr_nest_start_check(head_, buffer_.size(), type);
    if (!open) overflow();
    fill(*this);
    mnl_attr_nest_end(head_, open);
    return *this;
  }

  Message message() const { return Message{std::as_bytes(std::span(buffer_.data(), head_->nlmsg_len))}; }

 private:
  [[noreturn]] static void overflow();
  void reserve(std::size_t bytes) const;

  alignas(nlmsghdr) std::array<char, 8192> buffer_;
  nlmsghdr* head_;
};

/// The attributes of one level by type; a type may come once.
template <std::size_t Max>
class Attributes {
 public:
  Attributes(const nlmsghdr& head, std::size_t body_bytes) {
    mnl_attr_parse(&head, static_cast<unsigned>(body_bytes), keep, this);
  }
  explicit Attributes(const nlattr* nest) { mnl_attr_parse_nested(nest, keep, this); }
  Attributes(const void* payload, std::size_t bytes) { mnl_attr_parse_payload(payload, bytes, keep, this); }

  const nlattr* operator[](std::uint16_t type) const { return found_[type]; }
  /// The value, or `missing` if the attribute is not there or too short.
  std::uint32_t u32(std::uint16_t type, std::uint32_t missing = 0) const {
    return number<std::uint32_t>(type, missing);
  }
  std::uint16_t u16(std::uint16_t type, std::uint16_t missing = 0) const {
    return number<std::uint16_t>(type, missing);
  }
  std::string text(std::uint16_t type) const {
    if (!found_[type]) return "";
    const auto* s = mnl_attr_get_str(found_[type]);
    return std::string(s, ::strnlen(s, mnl_attr_get_payload_len(found_[type])));
  }
  std::optional<sys::Address> address(std::uint16_t type) const {
    if (!found_[type]) return std::nullopt;
    const auto bytes = mnl_attr_get_payload_len(found_[type]);
    if (bytes != 4 && bytes != 16) return std::nullopt;
    return sys::Address::from_bytes(
        {static_cast<const std::uint8_t*>(mnl_attr_get_payload(found_[type])), bytes});
  }
  std::string mac(std::uint16_t type) const;

 private:
  template <class T>
  T number(std::uint16_t type, T missing) const {
    if (!found_[type] || mnl_attr_get_payload_len(found_[type]) < sizeof(T)) return missing;
    T value;
    std::memcpy(&value, mnl_attr_get_payload(found_[type]), sizeof value);
    return value;
  }
  static int keep(const nlattr* attribute, void* self) {
    const auto type = mnl_attr_get_type(attribute);
    if (type <= Max) static_cast<Attributes*>(self)->found_[type] = attribute;
    return MNL_CB_OK;
  }

  std::array<const nlattr*, Max + 1> found_{};
};

/// "02:00:00:00:00:01" from six bytes; empty from any other number.
std::string format_mac(const void* bytes, std::size_t count);

template <std::size_t Max>
std::string Attributes<Max>::mac(std::uint16_t type) const {
  return found_[type] ? format_mac(mnl_attr_get_payload(found_[type]), mnl_attr_get_payload_len(found_[type]))
                      : "";
}

}  // namespace lblab::nl
