#include "lab/expect/standing.hpp"

#include <nlohmann/json.hpp>

namespace lblab::expect {

namespace {

/// The members by which events name what they tell of (docs/events.md).
constexpr const char* naming[] = {"event",   "host",    "process",     "peer",  "prefix", "next-hop",
                                  "route",   "service", "destination", "table", "metric", "link",
                                  "address", "id",      "file",        "from",  "to"};

std::string thing(const nlohmann::json& event) {
  std::string name;
  for (const auto* member : naming) {
    const auto found = event.find(member);
    name += (found == event.end() ? std::string{} : found->dump()) + '\n';
  }
  if (event.value("event", "") == "process") name += event.value("state", "");
  return name;
}

}  // namespace

Standing::Standing() = default;
Standing::~Standing() = default;
Standing::Standing(Standing&&) noexcept = default;
Standing& Standing::operator=(Standing&&) noexcept = default;

void Standing::take(nlohmann::json event) {
  const auto [last, is_new] = last_of_.try_emplace(thing(event), taken_);
  if (!is_new) kept_.erase(std::exchange(last->second, taken_));
  kept_.emplace(taken_++, std::move(event));
}

std::vector<nlohmann::json> Standing::events() const {
  std::vector<nlohmann::json> all;
  all.reserve(kept_.size());
  for (const auto& [when, event] : kept_) all.push_back(event);
  return all;
}

}  // namespace lblab::expect
