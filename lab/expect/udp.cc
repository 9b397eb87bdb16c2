#include "lab/expect/udp.hpp"

#include <algorithm>
#include <set>

#include "lab/expect/statistics.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

/// What was sent so shortly before the end of a record may still have been answered.
constexpr double least_patience = 0.005;

double middle(std::vector<double> values) { return percentile(std::move(values), 0.5); }

}  // namespace

UdpFlows::UdpFlows(const std::optional<probe::UdpRecord>& record) {
  if (!record || record->sent.empty()) return;
  ports_ = record->ports;
  read(*record);
  double end = seconds(record->sent.back().at);
  if (!record->echoes.empty()) end = std::max(end, seconds(record->echoes.back().at));
  for (size_t flow = 0; flow < flows_.size(); ++flow) find_outages(static_cast<int>(flow), end);
}

void UdpFlows::read(const probe::UdpRecord& record) {
  std::vector<double> intervals, round_trips;
  for (const auto& sent : record.sent) {
    const auto flow = static_cast<size_t>(sent.flow), number = static_cast<size_t>(sent.number);
    if (flows_.size() <= flow) flows_.resize(flow + 1);
    auto& datagrams = flows_[flow].datagrams;
    if (datagrams.size() <= number) datagrams.resize(number + 1);
    datagrams[number].sent = seconds(sent.at);
    if (number > 0) intervals.push_back(seconds(sent.at) - datagrams[number - 1].sent);
  }
  std::vector<std::int64_t> highest(flows_.size(), -1);
  for (const auto& echo : record.echoes) {
    const auto flow = static_cast<size_t>(echo.flow), number = static_cast<size_t>(echo.number);
    if (flow >= flows_.size() || number >= flows_[flow].datagrams.size()) continue;
    auto& datagram = flows_[flow].datagrams[number];
    const double at = seconds(echo.at);
    if (datagram.answered) {
      oddities_.push_back({at, true});
      continue;
    }
    if (echo.number < highest[flow]) oddities_.push_back({at, false});
    highest[flow] = std::max(highest[flow], echo.number);
    datagram.answered = at;
    datagram.server = echo.server;
    datagram.seen = echo.seen;
    round_trips.push_back(at - datagram.sent);
  }
  interval_ = middle(std::move(intervals));
  round_trip_ = percentile(std::move(round_trips), 0.99);
}

void UdpFlows::find_outages(int number, double end) {
  auto& flow = flows_[static_cast<size_t>(number)];
  const double patience = std::max(2 * round_trip_, least_patience);
  double last_good = flow.datagrams.front().sent;
  std::optional<FlowOutage> now;
  for (const auto& datagram : flow.datagrams) {
    if (datagram.answered) {
      if (now) {
        now->to = now->first_good = datagram.sent;
        flow.outages.push_back(*now);
        now.reset();
      }
      last_good = datagram.sent;
      continue;
    }
    if (!now) now = FlowOutage{number, datagram.sent, datagram.sent, false, 0, last_good, 0};
    ++now->lost;
  }
  if (!now || now->from > end - patience) return;
  now->open = true;
  now->to = now->first_good = end;
  flow.outages.push_back(*now);
}

std::vector<FlowOutage> UdpFlows::outages(double from, double to) const {
  const double under_way = std::min(2 * round_trip_, 0.05);
  std::vector<FlowOutage> all;
  for (const auto& flow : flows_)
    for (const auto& outage : flow.outages)
      if (outage.from >= from - under_way && outage.from < to - under_way) all.push_back(outage);
  return all;
}

UdpFlows::Disorder UdpFlows::disorder(double from, double to) const {
  Disorder disorder;
  for (const auto& [at, twice] : oddities_)
    if (at >= from && at < to) ++(twice ? disorder.twice : disorder.late);
  return disorder;
}

double UdpFlows::longest_pause(double from, double to) const {
  double longest = 0;
  for (const auto& flow : flows_)
    for (size_t i = 1; i < flow.datagrams.size(); ++i) {
      const double before = flow.datagrams[i - 1].sent, after = flow.datagrams[i].sent;
      if (before < to && after > from) longest = std::max(longest, after - before);
    }
  return longest;
}

int UdpFlows::port(int flow) const {
  return static_cast<size_t>(flow) < ports_.size() ? ports_[static_cast<size_t>(flow)] : 0;
}

bool UdpFlows::sent_in(double from, double to) const {
  return std::ranges::any_of(flows_, [&](const UdpFlow& flow) {
    return std::ranges::any_of(flow.datagrams,
                               [&](const Datagram& d) { return d.sent >= from && d.sent < to; });
  });
}

}  // namespace lblab::expect
