#include "lab/bgp/bird_log.hpp"

#include <utility>

namespace lblab::bgp {

namespace {

/// The address that follows `prefix`, up to a blank; a link-local one comes with its interface.
std::optional<sys::Address> address_after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  return sys::Address::parse(text.substr(0, text.find_first_of(" %")));
}

/// What follows `prefix`; empty: another text.
std::string_view after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view{};
}

}  // namespace

/// "2026-01-01 00:00:00.000 <TRACE> PROTOCOL: TEXT"
std::optional<BirdLog::Change> BirdLog::take(std::string_view line) {
  const auto level = line.find('<'), level_end = line.find("> ", level);
  if (level == line.npos || level_end == line.npos) return std::nullopt;
  const auto message = line.substr(level_end + 2);
  if (message == "Started") {  // another bird, and another life
    protocols_.clear();
    return std::nullopt;
  }
  const auto colon = message.find(": ");
  if (colon == message.npos) return std::nullopt;
  const auto text = message.substr(colon + 2);
  auto& protocol = protocols_[std::string(message.substr(0, colon))];

  if (const auto peer = address_after(text, "Connecting to ")) protocol.peer = peer;
  if (const auto peer = address_after(text, "Incoming connection from "); peer && text.ends_with(" accepted"))
    accepted_ = protocol.peer = peer;
  if (text == "Initializing") protocol = {.peer = accepted_};
  for (const auto* why : {"Error: ", "Received: "})
    if (const auto reason = after(text, why); !reason.empty()) protocol.reason = reason;
  if (text == "Connection closed" || text.starts_with("Connection lost") || text == "Shutdown requested")
    protocol.reason = text;

  const bool up = text == "BGP session established";
  if ((!up && text != "BGP session closed") || protocol.up == up || !protocol.peer) return std::nullopt;
  protocol.up = up;
  Change change{*protocol.peer, up, up ? "" : std::exchange(protocol.reason, {})};
  if (up) protocol.reason.clear();
  return change;
}

}  // namespace lblab::bgp
