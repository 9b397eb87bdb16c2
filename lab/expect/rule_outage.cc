#include <fmt/format.h>

#include "lab/expect/causes.hpp"
#include "lab/expect/hops.hpp"
#include "lab/expect/outages.hpp"
#include "lab/expect/words.hpp"

/// The longest outage of a UDP flow after an action.
///
/// A flow is looked at once every interval, so an outage is known to lie between `length` (its lost
/// datagrams) and the time from the last good datagram before it to the first after it. An upper limit is
/// held against the one (a datagram lost or not is exact) unless the sender itself paused; a lower limit
/// against both. The machine's lateness makes outages longer, never shorter: of an upper limit it can excuse
/// a miss and cannot spoil a pass, of a lower limit it can spoil a pass.
namespace lblab::expect {

namespace {

double at_most(const FlowOutage& outage) { return outage.first_good - outage.last_good; }

/// "flow 3 (port 40003, towards web-lb-2)"
std::string flow_text(const Trial& trial, const FlowOutage& outage) {
  std::vector<std::string> parts;
  if (const int port = trial.all.udp.port(outage.flow)) parts.push_back("port " + std::to_string(port));
  std::string balancer;
  for (const auto& datagram : trial.all.udp.flows()[static_cast<size_t>(outage.flow)].datagrams) {
    if (datagram.sent >= outage.from) break;
    if (datagram.answered) balancer = balancer_of(datagram.seen, trial.names);
  }
  if (!balancer.empty()) parts.push_back("towards " + balancer);
  return fmt::format("flow {}{}", outage.flow, parts.empty() ? "" : " (" + join(parts) + ")");
}

std::string seen_text(const Trial& trial, const Hit& hit) {
  const auto& udp = trial.all.udp;
  const double from = trial.window.from;
  const auto disorder = udp.disorder(from, trial.end());
  std::string text = "no datagram lost";
  if (hit.longest)
    text = fmt::format("{}{} ({}: {} to {}), {} of {} hit, {} lost",
                       hit.longest->open ? "not over at the end of the record, after " : "",
                       duration(hit.longest->length()), flow_text(trial, *hit.longest),
                       offset(hit.longest->from - from), offset(hit.longest->to - from), hit.flows.size(),
                       count(static_cast<long>(udp.flows().size()), "flow"), count(hit.lost, "datagram"));
  if (disorder.late) text += fmt::format(", {} out of order", disorder.late);
  if (disorder.twice) text += fmt::format(", {} echoed twice", disorder.twice);
  return text;
}

/// Failed, or in doubt for the first reason that there is.
struct Weighed {
  bool is_failed = false;
  std::string doubt;
  void doubt_that(const std::string& why) {
    if (doubt.empty()) doubt = why;
  }
};

void hold_against_max(Weighed& weighed, const Trial& trial, const Hit& hit, double max) {
  const auto& udp = trial.all.udp;
  const double from = trial.window.from, pause = udp.longest_pause(from, trial.end());
  for (const auto& outage : hit.outages) {
    if (outage.length() <= max) {
      if (outage.open)
        weighed.doubt_that(flow_text(trial, outage) + " had no answer yet when the record ended");
      continue;
    }
    const auto over = outage.open ? std::nullopt : std::optional{outage.length() - max};
    if (is_excused(trial, max, over, from, outage.to))
      weighed.doubt_that(lateness_text(trial.all.noise, from, outage.to));
    else
      weighed.is_failed = true;
  }
  if (pause > std::max(max, 3 * udp.interval()))
    weighed.doubt_that(fmt::format("the probe itself sent nothing for {}", duration(pause)));
}

void hold_against_min(Weighed& weighed, const Trial& trial, const Hit& hit, double min) {
  double known = 0, possible = 0, sure = 0;
  bool is_open = false;
  for (const auto& outage : hit.outages) {
    known = std::max(known, outage.length());
    possible = std::max(possible, at_most(outage));
    sure = std::max(sure, outage.length() - trial.all.noise.could_delay(trial.window.from, outage.to));
    is_open |= outage.open;
  }
  if (known >= min) {
    if (sure < min)
      weighed.doubt_that(lateness_text(trial.all.noise, trial.window.from, hit.longest->to) +
                         ": on an idle machine the outage may have been shorter");
  } else if (is_open) {
    weighed.doubt_that("it was not over when the record ended");
  } else if (possible >= min) {
    weighed.doubt_that(
        fmt::format("it may have been up to {}: datagrams were that far apart", duration(possible)));
  } else {
    weighed.is_failed = true;
  }
}

std::vector<std::string> causes(const Trial& trial, const Hit& hit) {
  std::vector<std::string> lines, chain;
  for (const auto& step : causes_of(trial.all, trial.window, hit))
    chain.push_back(fmt::format("{}{} {}", step.name, step.where.empty() ? "" : " (" + step.where + ")",
                                offset(step.after)));
  if (!chain.empty()) lines.push_back(fmt::format("{}", fmt::join(chain, " → ")));
  if (!hit.longest) return lines;
  const auto more = dead_ends(trial, hit.longest->from, hit.longest->to);
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

}  // namespace

Ruling rule(const model::OutageExpectation& e, const Trial& trial) {
  if (!trial.all.udp.sent_in(trial.window.from, trial.end()))
    return {Outcome::inconclusive, "no datagram was sent in the window"};
  Window window = trial.window;
  window.is_last = window.is_last && trial.end() >= window.to;
  window.to = trial.end();
  const Hit hit = expect::hit(trial.all, window);
  Ruling ruling{.outcome = Outcome::passed, .seen = seen_text(trial, hit), .unit = "s"};
  ruling.measured = hit.longest ? hit.longest->length() : 0;
  if (hit.longest) ruling.could_be_less = trial.all.noise.could_delay(trial.window.from, hit.longest->to);
  Weighed weighed;
  if (e.max) hold_against_max(weighed, trial, hit, seconds(*e.max));
  if (e.min) hold_against_min(weighed, trial, hit, seconds(*e.min));
  if (weighed.is_failed) {
    ruling.outcome = Outcome::failed;
  } else if (!weighed.doubt.empty()) {
    ruling.outcome = Outcome::inconclusive;
    ruling.seen += "; but " + weighed.doubt;
  }
  if (ruling.outcome != Outcome::passed) ruling.causes = causes(trial, hit);
  return ruling;
}

}  // namespace lblab::expect
