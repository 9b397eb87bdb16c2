#include "lab/bgp/frr.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace lblab::bgp {

using nlohmann::json;

std::vector<Session> parse_frr_summary(std::string_view text) {
  std::vector<Session> sessions;
  // What vtysh misses in /etc it says on the same output, before the answer.
  const auto start = text.find('{');
  if (start == text.npos) return sessions;
  const json families = json::parse(text.substr(start), nullptr, false);
  if (!families.is_object()) return sessions;
  for (const auto& [family, summary] : families.items()) {
    if (!summary.is_object() || !summary.contains("peers")) continue;
    for (const auto& [name, peer] : summary["peers"].items())
      if (const auto address = sys::Address::parse(name); address && peer.is_object())
        sessions.push_back({*address, in_words(peer.value("state", ""))});
  }
  return sessions;
}

/// "… %ADJCHANGE: neighbor 10.0.0.109(rr) in vrf default Down Hold Timer Expired"
std::optional<SessionChange> parse_frr_log_line(std::string_view line) {
  constexpr std::string_view mark = "%ADJCHANGE: neighbor ", vrf = " in vrf ", down = "Down";
  const auto found = line.find(mark);
  if (found == line.npos) return std::nullopt;
  line.remove_prefix(found + mark.size());
  if (line.starts_with('*')) line.remove_prefix(1);  // it came from a range
  const auto peer = sys::Address::parse(line.substr(0, line.find_first_of("( ")));
  const auto at_vrf = line.find(vrf);
  if (!peer || at_vrf == line.npos) return std::nullopt;
  line.remove_prefix(at_vrf + vrf.size());
  const auto after_name = line.find(' ');
  if (after_name == line.npos) return std::nullopt;
  line.remove_prefix(after_name + 1);
  if (line == "Up") return SessionChange{*peer, true, {}};
  if (!line.starts_with(down)) return std::nullopt;
  return SessionChange{*peer, false, std::string(line.substr(std::min(line.size(), down.size() + 1)))};
}

}  // namespace lblab::bgp
