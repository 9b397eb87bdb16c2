// The text of a request's target: RFC 3986 percent-encoding, and `+` for a space in queries.
#include <fmt/format.h>

#include "lab/http/http.hpp"

namespace lblab::http {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A `%` that two hex digits do not follow stands for itself.
std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string Request::path() const {
  return decode(std::string_view(target).substr(0, target.find('?')), false);
}

std::string Request::query(std::string_view name) const {
  const auto mark = target.find('?');
  if (mark == std::string::npos) return "";
  std::string_view rest = std::string_view(target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (decode(pair.substr(0, equals), true) == name)
      return equals == std::string_view::npos ? "" : decode(pair.substr(equals + 1), true);
  }
  return "";
}

std::string encode(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (is_unreserved(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace lblab::http
