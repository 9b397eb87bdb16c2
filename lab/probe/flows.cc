#include "lab/probe/flows.hpp"

#include <algorithm>
#include <cerrno>

namespace lblab::probe {

Flow::End flow_end_by(int error, bool was_open) {
  switch (error) {
    case ECONNRESET:
    case ECONNABORTED:
      return Flow::End::reset;
    case EPIPE:
      return Flow::End::closed;
    case ETIMEDOUT:
      return Flow::End::silent;
    default:  // an open one that found nobody any more was silent for long before the kernel gave it up
      return was_open ? Flow::End::silent : Flow::End::refused;
  }
}

FlowsProbe::FlowsProbe(Loop& loop, const FlowsSettings& settings)
    : settings_(settings),
      loop_(loop),
      text_(request_text(settings.to, true)),
      schedule_{now(), settings.count, settings.interval},
      flows_(static_cast<std::size_t>(settings.count)),
      lives_(flows_.size()) {}

nanoseconds FlowsProbe::act(nanoseconds now, bool sending) {
  if (!sending) return nanoseconds::max();
  // An interval that was missed is left out: a flow has one turn at a time. But each has its first.
  const auto due = schedule_.due_by(now);
  if (turn_ >= settings_.count) turn_ = std::max(turn_, due - settings_.count);
  for (; turn_ < due; ++turn_) turn(static_cast<std::size_t>(turn_ % settings_.count));
  return schedule_.due(turn_);
}

void FlowsProbe::turn(std::size_t flow) {
  if (turn_ < settings_.count) return open(flow);
  auto& stream = lives_[flow].stream;
  auto& exchanges = flows_[flow].exchanges;
  if (!stream || !stream->is_connected()) return;
  if (exchanges.size() - lives_[flow].answered >= most_outstanding) return;
  exchanges.push_back({.at = now()});
  stream->send(text_);
  end_if_failed(flow);
}

void FlowsProbe::open(std::size_t flow) {
  flows_[flow].began = now();
  auto& stream = lives_[flow].stream.emplace(loop_, settings_.to, flow);
  flows_[flow].port = stream.port();
  end_if_failed(flow);
}

void FlowsProbe::take(const epoll_event& event) { go_on(event.data.u64); }

void FlowsProbe::go_on(std::size_t flow) {
  auto& stream = lives_[flow].stream;
  if (!stream) return;
  stream->go_on();
  Answer answer;
  while (is_waiting(flow) && stream->take(answer)) note(flow, answer);
  end_if_failed(flow);
}

void FlowsProbe::note(std::size_t flow, const Answer& answer) {
  auto& live = lives_[flow];
  auto& exchange = flows_[flow].exchanges[live.answered++];
  exchange.answered = live.stream->read_at();
  exchange.server = answer.server;
  if (flows_[flow].seen.empty()) flows_[flow].seen = answer.seen;
}

void FlowsProbe::end_if_failed(std::size_t flow) {
  const auto& stream = lives_[flow].stream;
  if (stream->failure() != 0) end(flow, flow_end_by(stream->failure(), stream->is_connected()));
}

void FlowsProbe::end(std::size_t flow, Flow::End end) {
  flows_[flow].end = end;
  flows_[flow].ended = now();
  lives_[flow].stream.reset();
}

bool FlowsProbe::is_outstanding() const {
  for (std::size_t i = 0; i < flows_.size(); ++i)
    if (lives_[i].stream && is_waiting(i)) return true;
  return false;
}

std::vector<Flow> FlowsProbe::finish() {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    go_on(i);
    const auto& stream = lives_[i].stream;
    if (stream) end(i, stream->is_connected() && !is_waiting(i) ? Flow::End::survived : Flow::End::silent);
  }
  std::erase_if(flows_,
                [](const Flow& flow) { return flow.began == nanoseconds{}; });  // ended before its turn
  return std::move(flows_);
}

}  // namespace lblab::probe
