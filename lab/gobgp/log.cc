#include "lab/gobgp/log.hpp"

namespace lblab::gobgp {

namespace {

/// The value of `key` in a line of logfmt: a word, or what quotation marks hold.
std::string_view value_of(std::string_view line, std::string_view key) {
  for (auto at = line.find(key); at != line.npos; at = line.find(key, at + 1)) {
    const auto equals = at + key.size();
    if ((at > 0 && line[at - 1] != ' ') || equals >= line.size() || line[equals] != '=') continue;
    auto value = line.substr(equals + 1);
    const bool quoted = value.starts_with('"');
    if (quoted) value.remove_prefix(1);
    return value.substr(0, value.find(quoted ? '"' : ' '));
  }
  return {};
}

}  // namespace

std::optional<SessionChange> parse_log_line(std::string_view line) {
  const auto message = value_of(line, "msg");
  const bool up = message == "Peer Up";
  if (!up && message != "Peer Down") return std::nullopt;
  const auto peer = sys::Address::parse(value_of(line, "Key"));
  if (!peer) return std::nullopt;
  return SessionChange{*peer, up, std::string(value_of(line, "Reason"))};
}

}  // namespace lblab::gobgp
