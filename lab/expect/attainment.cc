#include <nlohmann/json.hpp>

#include "lab/expect/attain.hpp"
#include "lab/expect/judge.hpp"
#include "lab/expect/pattern.hpp"

namespace lblab::expect {

struct Attainment::Watch {
  Watch(const model::Expectation& expectation, const Census& census, const Facts& facts, double since,
        std::vector<model::EventPattern> patterns)
      : expectation(expectation),
        census(census),
        names(this->census),
        facts(facts),
        since(since),
        matches(std::move(patterns), since) {}

  const model::Expectation expectation;
  const Census census;
  const Names names;  // of this census
  const Facts& facts;
  const double since;
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

Attainment::Attainment(const model::Expectation& expectation, const Census& census, const Facts& facts,
                       double since)
    : watch_(std::make_shared<Watch>(expectation, census, facts, since, patterns(expectation))) {
  look();
}

void Attainment::take(const nlohmann::json& event) {
  if (holds_) return;
  watch_->matches.take(event, watch_->names);
  look();
}

void Attainment::look() {
  const Wanted state = wanted(watch_->expectation, watch_->facts, watch_->names);
  if (watch_->expectation.when != When::within)
    holds_ = true;
  else if (state.life)
    holds_ = attained(phases(state, watch_->names), watch_->since).has_value();
  else
    holds_ = watch_->matches.all();
}

}  // namespace lblab::expect
