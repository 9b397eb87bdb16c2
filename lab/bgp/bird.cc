#include "lab/bgp/bird.hpp"

#include <optional>
#include <sstream>
#include <string>

namespace lblab::bgp {

namespace {

/// What follows "NAME:" in an indented line of that name.
std::optional<std::string> value_of(const std::string& line, std::string_view name) {
  const auto start = line.find_first_not_of(' ');
  if (start == std::string::npos || line.compare(start, name.size(), name) != 0) return std::nullopt;
  const auto value = line.find_first_not_of(' ', start + name.size());
  return value == std::string::npos ? "" : line.substr(value);
}

}  // namespace

std::vector<Session> parse_bird_protocols(std::string_view text) {
  std::vector<Session> sessions;
  std::istringstream lines{std::string(text)};
  std::string state;
  for (std::string line; std::getline(lines, line);) {
    if (auto found = value_of(line, "BGP state:")) state = std::move(*found);
    const auto peer = value_of(line, "Neighbor address:");
    if (!peer) continue;
    // A link-local one comes with its interface: "fe80::1%eth0".
    if (const auto address = sys::Address::parse(peer->substr(0, peer->find('%'))))
      sessions.push_back({*address, in_words(state)});
  }
  return sessions;
}

}  // namespace lblab::bgp
