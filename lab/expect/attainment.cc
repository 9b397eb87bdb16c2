#include <nlohmann/json.hpp>

#include "lab/expect/attain.hpp"
#include "lab/expect/judge.hpp"
#include "lab/expect/pattern.hpp"

namespace lblab::expect {

struct Attainment::Watch {
  Facts facts;
  FirstMatches matches;
};

namespace {

using When = model::Expectation::When;

std::vector<model::EventPattern> patterns(const model::Expectation& expectation) {
  if (const auto* event = std::get_if<model::EventExpectation>(&expectation.what)) return {event->event};
  if (const auto* order = std::get_if<model::OrderExpectation>(&expectation.what)) return order->events;
  return {};
}

}  // namespace

Attainment::Attainment(const model::Expectation& expectation, const Census& census,
                       const std::vector<nlohmann::json>& events, double since)
    : expectation_(expectation),
      census_(census),
      since_(since),
      watch_(std::make_shared<Watch>(Watch{{}, {patterns(expectation), since}})) {
  const Names names{census_};
  for (const auto& event : events) {
    watch_->facts.take(event);
    watch_->matches.take(event, names);
  }
  look();
}

void Attainment::take(const nlohmann::json& event) {
  if (holds_) return;
  watch_->facts.take(event);
  watch_->matches.take(event, Names{census_});
  look();
}

void Attainment::look() {
  const Names names{census_};
  const Wanted state = wanted(expectation_, watch_->facts, names);
  if (expectation_.when != When::within)
    holds_ = true;
  else if (state.life)
    holds_ = attained(phases(state, names), since_).has_value();
  else
    holds_ = watch_->matches.all();
}

}  // namespace lblab::expect
