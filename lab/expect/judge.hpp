#pragma once

#include <memory>

#include "lab/expect/evidence.hpp"
#include "lab/expect/facts.hpp"
#include "lab/expect/verdict.hpp"

namespace lblab::expect {

/// Pure: the verdict follows from the evidence alone. `file` and `seed` are only carried along.
ScenarioVerdict judge(const model::Scenario& scenario, const std::string& file, std::uint64_t seed,
                      const Evidence& evidence);

/// For whoever carries a scenario out, live: has an expectation with a deadline come to hold? Of routes,
/// sessions, IPVS tables, events and their order (which, right or wrong, is decided once all have been seen);
/// all others hold at once, for they are judged afterwards.
class Attainment {
 public:
  /// facts: of all events so far; they must outlive this. since: when the last action began.
  Attainment(const model::Expectation& expectation, const Census& census, const Facts& facts, double since);
  /// An event since the last action, which the facts have taken already.
  void take(const nlohmann::json& event);
  bool holds() const { return holds_; }

 private:
  struct Watch;
  void look();

  bool holds_ = false;
  std::shared_ptr<Watch> watch_;
};

}  // namespace lblab::expect
