#pragma once

#include "lab/expect/attain.hpp"
#include "lab/expect/chronicle.hpp"
#include "lab/expect/evidence.hpp"
#include "lab/expect/noise.hpp"
#include "lab/expect/udp.hpp"
#include "lab/expect/verdict.hpp"

/// One expectation before the court: what every judge of a kind of expectation gets and gives.
namespace lblab::expect {

/// From the last action before an expectation to the next action; seconds on CLOCK_MONOTONIC.
struct Window {
  double from = 0, to = 0;
  const Acted* opened_by = nullptr;  // nullptr: the scenario's beginning
  bool is_last = true;               // closed by the scenario's end
};

/// The case: the same for all expectations of a scenario.
struct Case {
  Case(const model::Scenario&, const Evidence&);
  const model::Scenario& scenario;
  const Evidence& evidence;
  Facts facts;
  Noise noise;
  UdpFlows udp;
  Set matter;  // destinations whose routes do: learnt ones, and those of expectations
  std::vector<Entry> chronicle;
};

Window window_of(const Evidence& evidence, size_t step);
/// Who was who at a step, and before.
Names names_at(const Evidence& evidence, size_t step);

struct Trial {
  const Case& all;
  const model::Expectation& expectation;
  size_t step;  // where it stands in the evidence
  Window window;
  Names names;

  /// The end of the time in which it is to hold: within its limit, or else the window.
  double deadline() const;
  /// The end of what is measured: of a window, or of the part that `throughout` names.
  double end() const;
  bool is(model::Expectation::When when) const { return expectation.when == when; }
};

struct Ruling {
  Outcome outcome = Outcome::failed;
  std::string seen;
  std::vector<std::string> causes;  // what likely stands behind it
  std::optional<double> measured;
  std::string unit;
  double could_be_less = 0;  // how much of `measured` the machine itself may have added
};

Ruling rule(const model::RouteExpectation&, const Trial&);
Ruling rule(const model::SessionExpectation&, const Trial&);
Ruling rule(const model::IpvsExpectation&, const Trial&);
Ruling rule(const model::EventExpectation&, const Trial&);
Ruling rule(const model::OrderExpectation&, const Trial&);
Ruling rule(const model::OutageExpectation&, const Trial&);
Ruling rule(const model::RequestExpectation&, const Trial&);
Ruling rule(const model::FlowExpectation&, const Trial&);
Ruling rule(const model::MovedExpectation&, const Trial&);
Ruling rule(const model::FairnessExpectation&, const Trial&);
Ruling rule(const model::SourceExpectation&, const Trial&);
Ruling rule(const model::CounterExpectation&, const Trial&);

/// Could the machine's lateness in [from, to] explain that a limit was missed, `late` by so much, or
/// (nothing) altogether? By its size; or because it is more than a quarter of the limit, which then was no
/// measure.
bool is_excused(const Trial& trial, double limit, std::optional<double> late, double from, double to);

/// A ruling about something that took until it was too late: failed, or excused, and then `seen` says how.
Ruling too_late(const Trial& trial, double limit, std::optional<double> late, double from, double to,
                std::string seen);

/// "; the machine was late by up to 0.3 s (1.2 s in all)"
std::string lateness_text(const Noise& noise, double from, double to);

}  // namespace lblab::expect
