#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/expect/causes.hpp"
#include "lab/expect/hops.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using probe::Request;
using Requests = std::vector<const Request*>;

std::string how(const Request& request) {
  static constexpr const char* ends[] = {"answered",    "refused",          "reset", "closed", "timed out",
                                         "unreachable", "without an answer"};
  return request.end == Request::End::answered ? fmt::format("answered with status {}", request.status)
                                               : ends[static_cast<int>(request.end)];
}

bool is_good(const Request& request) { return request.end == Request::End::answered && request.status < 400; }

/// "3 reset, 4 timed out"
std::string by_end(const Requests& requests) {
  std::map<std::string, long> counts;
  for (const auto* request : requests) ++counts[how(*request)];
  std::vector<std::string> parts;
  for (const auto& [end, n] : counts) parts.push_back(fmt::format("{} {}", n, end));
  return join(parts);
}

/// The requests that were due in a window, sorted by what they mean.
struct Sorted {
  long due = 0, answered = 0;
  double first = 0, last = 0;  // due
  /// A second, as they were due.
  double rate() const { return static_cast<double>(due) / std::max(last - first, 0.001); }
  Requests failed, in_flight, unknown;  // unknown: no answer yet at the end of the record
};

/// Unfinished requests that are no older than others have been that were answered say nothing at all.
Sorted sort(const Trial& trial, const model::RequestExpectation& e) {
  const auto& all = trial.all.evidence.records.requests;
  const double from = trial.window.from, end = trial.end();
  const auto changes = route_changes(trial.all, from, end);
  std::chrono::nanoseconds slowest{0};
  for (const auto& request : all)
    if (is_good(request)) slowest = std::max(slowest, request.ended - request.due);
  Sorted sorted;
  for (const auto& request : all) {
    const double due = seconds(request.due);
    if (due < from || due >= end) continue;
    const bool is_unfinished = request.end == Request::End::unfinished;
    if (is_unfinished && request.ended - request.due <= slowest) continue;
    if (sorted.due++ == 0) sorted.first = due;
    sorted.last = due;
    if (is_good(request))
      ++sorted.answered;
    else if (is_unfinished)
      sorted.unknown.push_back(&request);
    else if (e.only_in_flight && !changes.empty() && seconds(request.began) < changes.back())
      sorted.in_flight.push_back(&request);
    else
      sorted.failed.push_back(&request);
  }
  return sorted;
}

std::string numbers(const Requests& requests) {
  constexpr size_t most = 12;
  std::vector<std::string> all;
  for (const auto* request : requests)
    if (all.size() < most) all.push_back(fmt::format("{} (port {})", request->number, request->port));
  return join(all) + (requests.size() > most ? ", …" : "");
}

std::string seen_text(const Trial& trial, const Sorted& sorted) {
  std::string text = fmt::format("{} of {} answered", sorted.answered, count(sorted.due, "request"));
  if (!sorted.failed.empty())
    text += fmt::format(", {} failed ({}), due from {} to {}", sorted.failed.size(), by_end(sorted.failed),
                        offset(seconds(sorted.failed.front()->due) - trial.window.from),
                        offset(seconds(sorted.failed.back()->due) - trial.window.from));
  if (!sorted.in_flight.empty())
    text += fmt::format(", {} in flight when the route changed ({}): requests {}", sorted.in_flight.size(),
                        by_end(sorted.in_flight), numbers(sorted.in_flight));
  if (!sorted.unknown.empty())
    text += fmt::format(", {} without an answer when the record ended", sorted.unknown.size());
  return text;
}

/// Load balancers whose IPVS sent packets on, and saw none come back that it could translate.
std::vector<std::string> one_way_balancers(const Trial& trial) {
  std::vector<std::string> lines;
  for (const auto& [host, grew] : trial.all.evidence.counters) {
    const auto in = grew.find("IpvsIncomingPackets"), out = grew.find("IpvsOutgoingPackets");
    if (in == grew.end() || out == grew.end() || in->second == 0 || out->second > 0) continue;
    lines.push_back(fmt::format(
        "{}: IPVS sent {} packets on to real servers, and no answer came back through it: they answer the "
        "client directly, unless it masquerades",
        host, in->second));
  }
  return lines;
}

std::vector<std::string> causes(const Trial& trial, const Sorted& sorted) {
  Requests all = sorted.failed;
  all.insert(all.end(), sorted.unknown.begin(), sorted.unknown.end());
  if (all.empty()) return {};
  double from = seconds(all.front()->began), to = 0;
  std::vector<std::string> lines;
  for (const auto* request : all) {
    from = std::min(from, seconds(request->began));
    to = std::max(to, seconds(request->due));
  }
  lines.push_back("failed requests: " + numbers(all));
  const auto one_way = one_way_balancers(trial);
  if (sorted.answered == 0) lines.insert(lines.end(), one_way.begin(), one_way.end());
  const auto silent = silent_ways(trial, from, to);
  lines.insert(lines.end(), silent.begin(), silent.end());
  const auto ends = dead_ends(trial, from, to);
  lines.insert(lines.end(), ends.begin(), ends.end());
  return lines;
}

/// Did the machine's lateness make this many requests fail? It makes answers time out; and where some may
/// fail, because a change takes its time, it lengthens that time.
bool is_explained(const Trial& trial, const model::RequestExpectation& e, const Sorted& sorted) {
  const Noise& noise = trial.all.noise;
  const double from = trial.window.from, to = trial.end();
  const auto& http = trial.all.scenario.traffic.http;
  const auto timed_out = std::ranges::count(sorted.failed, Request::End::timed_out, &Request::end);
  const auto failed = static_cast<long>(sorted.failed.size());
  const double timeout = http ? seconds(http->timeout) : 0;
  if (timed_out > 0 && failed - timed_out <= e.failed && noise.worst(from, to) > timeout / 4) return true;
  return e.failed > 0 &&
         static_cast<double>(failed - e.failed) <= sorted.rate() * noise.could_delay(from, to);
}

/// The same of a share: the requests that it missed by.
bool is_share_explained(const Trial& trial, const Sorted& sorted, double share) {
  const double missed = share * static_cast<double>(sorted.due) - static_cast<double>(sorted.answered);
  return missed <= sorted.rate() * trial.all.noise.could_delay(trial.window.from, trial.end());
}

}  // namespace

Ruling rule(const model::RequestExpectation& e, const Trial& trial) {
  const Sorted sorted = sort(trial, e);
  if (sorted.due == 0) return {Outcome::inconclusive, "no request was due in the window"};
  Ruling ruling{.outcome = Outcome::passed, .seen = seen_text(trial, sorted), .unit = "requests"};
  const auto failed = static_cast<long>(sorted.failed.size()),
             unknown = static_cast<long>(sorted.unknown.size());
  ruling.measured = static_cast<double>(failed);
  const auto due = static_cast<double>(sorted.due), answered = static_cast<double>(sorted.answered);
  const double share = e.rate.value_or(0);
  const bool is_over = failed > e.failed, is_under = (answered + static_cast<double>(unknown)) < share * due;
  if (is_over || is_under) {
    const bool is_noise = (!is_over || is_explained(trial, e, sorted)) &&
                          (!is_under || is_share_explained(trial, sorted, share));
    ruling.outcome = is_noise ? Outcome::inconclusive : Outcome::failed;
    if (is_noise) ruling.seen += "; but " + lateness_text(trial.all.noise, trial.window.from, trial.end());
  } else if (failed + unknown > e.failed || answered < share * due) {
    ruling.outcome = Outcome::inconclusive;
  }
  if (ruling.outcome != Outcome::passed) ruling.causes = causes(trial, sorted);
  return ruling;
}

}  // namespace lblab::expect
