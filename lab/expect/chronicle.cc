#include "lab/expect/chronicle.hpp"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "lab/expect/describe.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using nlohmann::json;

std::string shown(const json& event, const char* member) {
  const auto found = event.find(member);
  if (found == event.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string signal_text(const json& event) {
  const char* name = ::sigabbrev_np(event.value("signal", 0));
  return name ? name : shown(event, "signal");
}

std::string with_port(const std::string& address, const Names& names) {
  const std::string host = names.host_of(without_port(address));
  return host.empty() ? address : host + " (" + address + ")";
}

std::string process_text(const json& event) {
  const std::string name = shown(event, "process"), state = shown(event, "state");
  if (state == "signalled") return name + " gets " + signal_text(event);
  if (state == "not-started") return name + " could not be started: " + shown(event, "why");
  if (state != "ended") return name + " " + state;
  return fmt::format("{} ended ({}){}", name, shown(event, "how"),
                     event.value("again", false) ? ", to be started again" : "");
}

std::string connection_text(const json& event, const Names& names) {
  const std::string who = shown(event, "from") + " to " + shown(event, "to") + ": ";
  return who + (event.contains("error") ? shown(event, "error")
                                        : "the server saw " + with_port(shown(event, "seen"), names));
}

std::string reason_text(const json& event) {
  return event.contains("reason") ? ": " + shown(event, "reason") : "";
}

/// An event's words; empty: it tells nothing here. Routes and IPVS tables are told from the facts.
std::string words(const json& event, const Names& names) {
  const std::string kind = shown(event, "event"), state = shown(event, "state");
  if (kind == "process") return process_text(event);
  if (kind == "session") return fmt::format("session with {} {}", names.label(shown(event, "peer")), state);
  if (kind == "path")
    return fmt::format("path {} via {} {}", shown(event, "prefix"), names.label(shown(event, "next-hop")),
                       state);
  if (kind == "announce")
    return fmt::format("{} via {} {}", shown(event, "route"), names.label(shown(event, "next-hop")), state);
  if (kind == "health")
    return fmt::format("{} {}{}", with_port(shown(event, "destination"), names), state, reason_text(event));
  if (kind == "connection") return connection_text(event, names);
  if (kind == "carrier")
    return fmt::format("{}'s carrier {}", shown(event, "link"), event.value("up", false) ? "up" : "down");
  if (kind == "gap") return "its observer lost notifications";
  if (kind == "helper" || kind == "gobgpd") return fmt::format("{} {}{}", kind, state, reason_text(event));
  if (kind == "decommission") return "decommission: " + shown(event, "step");
  if (kind == "refused")
    return fmt::format("the kernel refused to {}{}", shown(event, "change"), reason_text(event));
  if (kind == "next-hop")
    return fmt::format("next hop {} {}{}", names.label(shown(event, "address")), state, reason_text(event));
  return {};
}

void add_steps(std::vector<Entry>& all, const Evidence& evidence) {
  for (const auto& acted : evidence.steps)
    if (is_action(acted.step) || std::holds_alternative<model::Connect>(acted.step.what))
      all.push_back({acted.began, acted.began, "scenario", is_action(acted.step) ? "fault" : "connect",
                     describe(acted.step)});
}

/// Carriers that were lost and found; of what else happens to a link nothing.
void add_carriers(std::vector<Entry>& all, const Evidence& evidence) {
  std::map<Of, bool> known;
  for (const auto& event : evidence.events) {
    if (shown(event, "event") != "link" || shown(event, "state") != "present") continue;
    const Of link{shown(event, "host"), shown(event, "link")};
    const bool now = event.value("carrier", true), is_new = !known.contains(link);
    if (std::exchange(known[link], now) == now || is_new) continue;
    const double t = event.value("t", 0.0);
    all.push_back(
        {t, t, link.first, "link", link.second + (now ? " has its carrier again" : " lost its carrier")});
  }
}

void add_events(std::vector<Entry>& all, const Evidence& evidence, const Names& names) {
  for (const auto& event : evidence.events) {
    const double t = event.value("t", 0.0);
    if (t < evidence.began) continue;
    Entry entry{event.value("earliest", t), t, event.value("host", "lab"), event.value("event", ""),
                words(event, names)};
    if (entry.text.empty()) continue;
    if (entry.kind == "session" && !all.empty() && all.back().kind == "session" &&
        all.back().actor == entry.actor && all.back().text == entry.text)
      continue;
    all.push_back(std::move(entry));
  }
}

void add_routes(std::vector<Entry>& all, const Facts& facts, const Set& matter, const Names& names) {
  for (const auto& [of, life] : facts.routes) {
    if (!matter.contains(of.second)) continue;
    for (const auto& told : life)
      all.push_back(
          {told.earliest, told.t, of.first, "route",
           told.value.empty() ? "no route to " + of.second : of.second + " via " + names.labels(told.value)});
  }
}

void add_tables(std::vector<Entry>& all, const Facts& facts, const Names& names) {
  for (const auto& [host, life] : facts.real_servers)
    for (const auto& told : life)
      all.push_back({told.earliest, told.t, host, "ipvs", "real servers: " + names.labels(told.value)});
}

std::string line(const Entry& entry, double from) {
  const std::string when = entry.at - entry.earliest < 0.0005
                               ? offset(entry.at - from)
                               : fmt::format("{:+.3f}…{:.3f} s", entry.earliest - from, entry.at - from);
  return fmt::format("{}  {}: {}", when, entry.actor, entry.text);
}

}  // namespace

std::vector<Entry> chronicle(const Evidence& evidence, const Facts& facts, const Set& matter,
                             const Names& names) {
  std::vector<Entry> all;
  add_events(all, evidence, names);
  add_carriers(all, evidence);
  add_routes(all, facts, matter, names);
  add_tables(all, facts, names);
  std::erase_if(all, [&](const Entry& entry) { return entry.at < evidence.began; });
  add_steps(all, evidence);
  std::ranges::stable_sort(all, [](const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.actor == "scenario" && b.actor != "scenario";
  });
  return all;
}

std::vector<std::string> story(const std::vector<Entry>& all, double from, double to) {
  constexpr size_t head = 40, tail = 15;
  std::vector<std::string> lines;
  for (const auto& entry : all)
    if (entry.at >= from && entry.at < to) lines.push_back(line(entry, from));
  if (lines.size() <= head + tail) return lines;
  const auto left_out = static_cast<long>(lines.size() - head - tail);
  lines.erase(lines.begin() + head, lines.end() - tail);
  lines.insert(lines.begin() + head, "… " + count(left_out, "more event") + " …");
  return lines;
}

}  // namespace lblab::expect
