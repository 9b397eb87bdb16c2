#include "lab/gobgp/gobgp.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lblab::gobgp {

namespace {

using nlohmann::json;

constexpr std::size_t max_shown_bytes = 200;

Error malformed(std::string_view why, std::string_view text) {
  return {std::string(why) + ": " + std::string(text.substr(0, max_shown_bytes))};
}

/// The members that are wanted, or what stands for "not there": gobgp leaves out zeros and empty ones.
const json& member(const json& object, const char* name) {
  static const json none;
  if (!object.is_object()) return none;
  const auto at = object.find(name);
  return at == object.end() ? none : *at;
}
std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : ""; }
bool flag_of(const json& value) { return value.is_boolean() && value.get<bool>(); }
std::uint64_t number_of(const json& value) {
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

/// The text as JSON, unless it is none or is gobgp's report of an error.
std::variant<json, Error> parse_json(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return malformed("not JSON", text);
  if (const json& error = member(value, "error"); error.is_string()) return Error{error.get<std::string>()};
  return value;
}

bool is_unspecified(const sys::Address& address) {
  return std::ranges::all_of(address.bytes(), [](std::uint8_t byte) { return byte == 0; });
}

/// RFC 4271 NEXT_HOP for IPv4, RFC 4760 MP_REACH_NLRI for the rest.
std::string next_hop_of(const json& attributes) {
  constexpr std::uint64_t next_hop_type = 3, mp_reach_type = 14;
  for (const json& attribute : attributes) {
    const auto type = number_of(member(attribute, "type"));
    if (type == next_hop_type || type == mp_reach_type) return text_of(member(attribute, "nexthop"));
  }
  return "";
}

/// Of another family than IP unicast: VPN and labelled prefixes have more than a prefix, the rest have none.
bool is_foreign(const json& nlri) {
  return nlri.is_object() && (!nlri.contains("prefix") || nlri.contains("rd") || nlri.contains("labels"));
}

std::optional<Path> parse_path(const json& value) {
  const auto prefix = sys::Prefix::parse(text_of(member(member(value, "nlri"), "prefix")));
  if (!prefix) return std::nullopt;
  Path path;
  path.prefix = prefix->network();
  path.withdrawn = flag_of(member(value, "withdrawal"));
  path.next_hop = sys::Address::parse(next_hop_of(member(value, "attrs")));
  if (!path.next_hop && !path.withdrawn) return std::nullopt;
  if (path.next_hop && is_unspecified(*path.next_hop)) path.next_hop.reset();
  path.neighbour = sys::Address::parse(text_of(member(value, "neighbor-ip")));
  path.best = flag_of(member(value, "best"));
  path.stale = flag_of(member(value, "stale"));
  return path;
}

/// Adds the paths of an array; false if it is none, or one of them is not a path.
bool add_paths(const json& values, Paths& paths) {
  if (!values.is_array()) return false;
  for (const json& value : values) {
    if (is_foreign(member(value, "nlri"))) continue;
    const auto path = parse_path(value);
    if (!path) return false;
    paths.push_back(*path);
  }
  return true;
}

State state_of(const json& value) {
  const auto number = number_of(value);
  return number <= static_cast<std::uint64_t>(State::established) ? static_cast<State>(number)
                                                                  : State::unknown;
}

std::optional<Neighbour> parse_neighbour(const json& value) {
  const json& state = member(value, "state");
  const auto address = sys::Address::parse(text_of(member(state, "neighbor_address")));
  if (!address) return std::nullopt;
  Neighbour neighbour;
  neighbour.address = *address;
  neighbour.as = static_cast<std::uint32_t>(number_of(member(state, "peer_asn")));
  neighbour.state = state_of(member(state, "session_state"));
  const json& times = member(member(value, "timers"), "state");
  neighbour.up_since_s = static_cast<std::int64_t>(number_of(member(member(times, "uptime"), "seconds")));
  for (const json& family : member(value, "afi_safis")) {
    neighbour.received += number_of(member(member(family, "state"), "received"));
    neighbour.accepted += number_of(member(member(family, "state"), "accepted"));
  }
  return neighbour;
}

}  // namespace

std::variant<Paths, Error> parse_rib(std::string_view text) {
  auto parsed = parse_json(text);
  if (auto* error = std::get_if<Error>(&parsed)) return std::move(*error);
  const json& value = std::get<json>(parsed);
  Paths paths;
  // `global rib` groups the paths by prefix: {"10.1.1.0/24": [...]}; `monitor` prints the array alone.
  bool well_formed = true;
  if (value.is_object()) {
    for (const json& of_prefix : value) well_formed = well_formed && add_paths(of_prefix, paths);
  } else {
    well_formed = add_paths(value, paths);
  }
  if (!well_formed) return malformed("not a list of paths", text);
  return paths;
}

std::variant<std::vector<Neighbour>, Error> parse_neighbours(std::string_view text) {
  auto parsed = parse_json(text);
  if (auto* error = std::get_if<Error>(&parsed)) return std::move(*error);
  const json& value = std::get<json>(parsed);
  if (!value.is_array()) return malformed("not a list of neighbours", text);
  std::vector<Neighbour> neighbours;
  for (const json& one : value) {
    const auto neighbour = parse_neighbour(one);
    if (!neighbour) return malformed("not a list of neighbours", text);
    neighbours.push_back(*neighbour);
  }
  return neighbours;
}

}  // namespace lblab::gobgp
