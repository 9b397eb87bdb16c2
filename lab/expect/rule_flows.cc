#include <fmt/format.h>

#include "lab/expect/causes.hpp"
#include "lab/expect/connections.hpp"
#include "lab/expect/hops.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

struct Lost {
  const probe::Flow* flow;
  Fared fared;
};

std::string lost_text(const Trial& trial, const Lost& lost) {
  const std::string balancer = balancer_of(lost.flow->seen, trial.names);
  return fmt::format("the connection from port {}{} was {} at {}", lost.flow->port,
                     balancer.empty() ? "" : " through " + balancer, text(lost.fared.fate),
                     offset(lost.fared.lost_at - trial.window.from));
}

std::string by_fate(const std::vector<Lost>& all) {
  std::map<std::string, long> counts;
  for (const auto& lost : all) ++counts[text(lost.fared.fate)];
  std::vector<std::string> parts;
  for (const auto& [fate, n] : counts) parts.push_back(fmt::format("{} {}", n, fate));
  return join(parts);
}

/// Connections that fell silent so shortly before the record's end that the machine's lateness explains it.
long doubtful(const Trial& trial, const std::vector<Lost>& all) {
  long n = 0;
  for (const auto& [flow, fared] : all) {
    const double ended = seconds(flow->ended);
    n += fared.fate == Fate::blackholed &&
         ended - fared.lost_at <= trial.all.noise.could_delay(fared.lost_at, ended);
  }
  return n;
}

std::vector<std::string> causes(const Trial& trial, const std::vector<Lost>& all) {
  constexpr size_t most = 10;
  std::vector<std::string> lines;
  if (all.empty()) return lines;
  double from = all.front().fared.lost_at, to = from;
  for (const auto& lost : all) {
    if (lines.size() < most) lines.push_back(lost_text(trial, lost));
    from = std::min(from, lost.fared.lost_at);
    to = std::max(to, lost.fared.lost_at);
  }
  const auto ends = dead_ends(trial, trial.window.from, to);
  lines.insert(lines.end(), ends.begin(), ends.end());
  for (const double change : route_changes(trial.all, trial.window.from, to))
    lines.push_back(
        fmt::format("the route changed at {}: connections that then met another load balancer are "
                    "unknown to it",
                    offset(change - trial.window.from)));
  return lines;
}

}  // namespace

Ruling rule(const model::FlowExpectation& e, const Trial& trial) {
  const auto& flows = trial.all.evidence.records.flows;
  if (flows.empty()) return {Outcome::inconclusive, "there were no long-lived connections"};
  const double from = trial.window.from, end = trial.end();
  const bool is_to_the_end = trial.window.is_last && end >= trial.window.to;
  std::vector<Lost> lost;
  long alive = 0, gone = 0;  // gone: before the window
  for (const auto& flow : flows) {
    const Fared fared = expect::fared(flow);
    const bool is_later = !is_to_the_end && fared.lost_at >= end;
    if (fared.fate == Fate::survived || is_later)
      ++alive;
    else if (fared.lost_at >= from || !trial.window.opened_by)  // no action is before the first window
      lost.push_back({&flow, fared});
    else
      ++gone;
  }
  const auto n = static_cast<long>(lost.size()), doubt = doubtful(trial, lost);
  Ruling ruling{.outcome = Outcome::passed, .measured = static_cast<double>(n), .unit = "flows"};
  ruling.seen = fmt::format("{} of {} alive, {} lost{}{}", alive, flows.size(), n,
                            lost.empty() ? "" : " (" + by_fate(lost) + ")",
                            gone == 0 ? "" : fmt::format(", {} before", gone));
  const bool is_over = e.lost && n > *e.lost, is_under = e.survive && alive < *e.survive;
  const bool was_none_alive = gone == static_cast<long>(flows.size());
  if (!is_over && !is_under && was_none_alive)
    return {Outcome::inconclusive, "no long-lived connection was alive when the window opened"};
  if (!is_over && !is_under) return ruling;
  const bool is_noise = (!is_over || n - doubt <= *e.lost) && (!is_under || alive + doubt >= *e.survive);
  ruling.outcome = is_noise ? Outcome::inconclusive : Outcome::failed;
  if (is_noise) ruling.seen += "; but " + lateness_text(trial.all.noise, from, end);
  ruling.causes = causes(trial, lost);
  return ruling;
}

}  // namespace lblab::expect
