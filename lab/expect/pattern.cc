#include "lab/expect/pattern.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lblab::expect {

namespace {

using nlohmann::json;

bool is_value(const std::string& wanted, const json& value, const Names& names) {
  if (value.is_array())
    return std::ranges::any_of(value, [&](const json& one) { return is_value(wanted, one, names); });
  if (!value.is_string()) return value.dump() == wanted;
  const auto text = value.get<std::string>();
  return text == wanted || names.owns(wanted, without_port(text));
}

}  // namespace

bool matches(const model::EventPattern& pattern, const json& event, const Names& names) {
  return std::ranges::all_of(pattern, [&](const auto& member) {
    const auto found = event.find(member.first);
    return found != event.end() && is_value(member.second, *found, names);
  });
}

Happened happened(const json& event) {
  const double t = event.value("t", 0.0);
  // What a host's own process says comes over its pipe; all else the lab sees or does by itself.
  return {event.value("earliest", t), t,
          event.value("event", "") == "process" ? ""
                                                : event.value("host", "") + "/" + event.value("process", "")};
}

void FirstMatches::take(const json& event, const Names& names) {
  if (event.value("t", 0.0) < since_) return;
  for (size_t i = 0; i < patterns_.size(); ++i)
    if (!found_[i] && matches(patterns_[i], event, names)) found_[i] = happened(event);
}

bool FirstMatches::all() const {
  return std::ranges::all_of(found_, [](const auto& one) { return one.has_value(); });
}

}  // namespace lblab::expect
