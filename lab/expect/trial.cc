#include "lab/expect/trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/describe.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

/// The newest first, from a step on backwards; what comes after it last, for those who were not yet there.
std::vector<const Census*> censuses(const Evidence& evidence, size_t step) {
  std::vector<const Census*> all;
  for (size_t i = std::min(step + 1, evidence.steps.size()); i-- > 0;)
    all.push_back(&evidence.steps[i].census);
  for (size_t i = step + 1; i < evidence.steps.size(); ++i) all.push_back(&evidence.steps[i].census);
  static const Census nobody;
  if (all.empty()) all.push_back(&nobody);
  return all;
}

}  // namespace

Names names_at(const Evidence& evidence, size_t step) { return Names{censuses(evidence, step)}; }

Case::Case(const model::Scenario& of, const Evidence& seen)
    : scenario(of), evidence(seen), noise(seen.records.jitter, seen.reader_late), udp(seen.records.udp) {
  for (const auto& event : evidence.events) facts.take(event);
  matter = facts.learnt;
  for (const auto& acted : evidence.steps)
    if (const auto* expectation = std::get_if<model::Expectation>(&acted.step.what))
      if (const auto* route = std::get_if<model::RouteExpectation>(&expectation->what))
        matter.insert(route->route.str());
  chronicle = expect::chronicle(evidence, facts, matter, names_at(evidence, evidence.steps.size()));
}

Window window_of(const Evidence& evidence, size_t step) {
  Window window{evidence.began, evidence.ended};
  for (size_t i = 0; i < step; ++i)
    if (is_action(evidence.steps[i].step)) {
      window.from = evidence.steps[i].began;
      window.opened_by = &evidence.steps[i];
    }
  for (size_t i = step + 1; i < evidence.steps.size(); ++i)
    if (is_action(evidence.steps[i].step)) {
      window.to = evidence.steps[i].began;
      window.is_last = false;
      break;
    }
  return window;
}

double Trial::deadline() const {
  const double limit = seconds(expectation.limit);
  return limit > 0 ? window.from + limit : window.to;
}

double Trial::end() const {
  return is(model::Expectation::When::throughout) ? std::min(deadline(), window.to) : window.to;
}

std::string lateness_text(const Noise& noise, double from, double to) {
  return fmt::format("the machine itself was late by up to {} ({} in all)", duration(noise.worst(from, to)),
                     duration(noise.stalled(from, to)));
}

bool is_excused(const Trial& trial, double limit, std::optional<double> late, double from, double to) {
  const Noise& noise = trial.all.noise;
  const double bound = noise.could_delay(from, to), bearable = limit / 4;
  if (bound <= 0) return false;
  return late ? *late <= bound || noise.worst(from, to) > bearable : bound > bearable;
}

Ruling too_late(const Trial& trial, double limit, std::optional<double> late, double from, double to,
                std::string seen) {
  if (!is_excused(trial, limit, late, from, to)) return {Outcome::failed, std::move(seen)};
  return {Outcome::inconclusive, std::move(seen) + "; but " + lateness_text(trial.all.noise, from, to)};
}

}  // namespace lblab::expect
