#include "lab/probe/answer.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lblab::probe {

namespace {

constexpr std::size_t most_bytes = 1 << 20, most_name_bytes = 64;
constexpr std::string_view blank_line = "\r\n\r\n";

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return value;
}

/// "HTTP/1.1 200 OK", RFC 9112, 4.
std::optional<int> status(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return std::nullopt;
  if (line.size() > 12 && line[12] != ' ') return std::nullopt;
  const auto code = number<int>(line.substr(9, 3));
  return code && *code >= 100 ? code : std::nullopt;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The value of the first field of that name, RFC 9112, 5.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equal_but_for_case(line.substr(0, colon), name))
      return trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

std::optional<std::size_t> body_bytes(int status, std::string_view head) {
  if (status < 200 || field(head, "Transfer-Encoding")) return std::nullopt;
  if (status == 204 || status == 304) return 0;
  const auto length = field(head, "Content-Length");
  return length ? number<std::size_t>(*length) : std::nullopt;
}

bool may_begin_an_answer(std::string_view bytes) {
  constexpr std::string_view beginning = "HTTP/1.";
  const auto common = std::min(bytes.size(), beginning.size());
  return bytes.substr(0, common) == beginning.substr(0, common);
}

}  // namespace

ParsedAnswer parse_answer(std::string_view bytes) {
  using State = ParsedAnswer::State;
  if (!may_begin_an_answer(bytes)) return {State::malformed};
  const auto end = bytes.find(blank_line);
  if (end == std::string_view::npos)
    return {bytes.size() > most_bytes ? State::malformed : State::incomplete};
  const auto line = bytes.substr(0, bytes.find("\r\n"));
  const auto head = bytes.substr(line.size() + 2, end + 2 - (line.size() + 2));
  const auto code = status(line);
  const auto length = code ? body_bytes(*code, head) : std::nullopt;
  if (!length || *length > most_bytes) return {State::malformed};
  const auto whole = end + blank_line.size() + *length;
  if (bytes.size() < whole) return {State::incomplete, whole};
  const auto body = bytes.substr(end + blank_line.size(), *length);
  const auto seen = field(head, "X-Seen").value_or("");
  return {State::whole, whole,
          Answer{*code, std::string(body.substr(0, std::min(body.find_first_of("\r\n"), most_name_bytes))),
                 std::string(seen.substr(0, most_name_bytes))}};
}

}  // namespace lblab::probe
