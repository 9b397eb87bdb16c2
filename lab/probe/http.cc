#include "lab/probe/http.hpp"

#include <algorithm>
#include <cerrno>

namespace lblab::probe {

namespace {
/// After so many requests that were overdue, what has come in gets its turn.
constexpr std::size_t requests_at_once = 16;
}  // namespace

Request::End end_by(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Request::End::refused;
    case ECONNRESET:
    case ECONNABORTED:
      return Request::End::reset;
    case EPIPE:
      return Request::End::closed;
    case ETIMEDOUT:
      return Request::End::timed_out;
    default:
      return Request::End::unreachable;
  }
}

HttpProbe::HttpProbe(Loop& loop, const HttpSettings& settings)
    : settings_(settings),
      loop_(loop),
      text_(request_text(settings.to, false)),
      schedule_{now(), settings.rate, std::chrono::seconds{1}} {}

nanoseconds HttpProbe::act(nanoseconds now, bool sending) {
  end_overdue(now);
  auto next = nanoseconds::max();
  if (sending) {
    const auto until =
        std::min(static_cast<std::size_t>(schedule_.due_by(now)), requests_.size() + requests_at_once);
    while (requests_.size() < until) begin();
    next = schedule_.due(static_cast<std::int64_t>(requests_.size()));
  }
  if (!streams_.empty()) next = std::min(next, record(first_).began + settings_.timeout);
  return next;
}

void HttpProbe::begin() {
  const auto request = requests_.size();
  const auto number = static_cast<std::int64_t>(request);
  requests_.push_back({.number = number, .due = schedule_.due(number), .began = now()});
  auto& stream = streams_.emplace_back(std::in_place, loop_, settings_.to, request);
  ++active_;
  record(request).port = stream->port();
  stream->send(text_);
  if (stream->failure() != 0) end(request, end_by(stream->failure()));
}

void HttpProbe::take(const epoll_event& event) { go_on(event.data.u64); }

void HttpProbe::go_on(std::size_t request) {
  if (request < first_ || !streams_[request - first_]) return;
  auto& stream = *streams_[request - first_];
  auto& told = record(request);
  stream.go_on();
  told.connected = stream.connected_at();
  Answer answer;
  if (stream.take(answer)) {
    told.status = answer.status;
    told.server = std::move(answer.server);
    told.seen = std::move(answer.seen);
    const auto at = stream.read_at();
    end(request, Request::End::answered);
    told.ended = at;
  } else if (stream.failure() != 0) {
    end(request, end_by(stream.failure()));
  }
}

void HttpProbe::end(std::size_t request, Request::End end) {
  record(request).end = end;
  record(request).ended = now();
  streams_[request - first_].reset();
  --active_;
  for (; !streams_.empty() && !streams_.front(); ++first_) streams_.pop_front();
}

/// All have the same time, so the oldest is the first to be overdue. Its answer may be there by now: then
/// it was this process that was late.
void HttpProbe::end_overdue(nanoseconds now) {
  while (!streams_.empty() && record(first_).began + settings_.timeout <= now) {
    const auto oldest = first_;
    go_on(oldest);
    if (first_ == oldest) end(oldest, Request::End::timed_out);
  }
}

std::vector<Request> HttpProbe::finish() {
  while (!streams_.empty()) {
    const auto oldest = first_;
    go_on(oldest);
    if (first_ == oldest) end(oldest, Request::End::unfinished);
  }
  return std::move(requests_);
}

}  // namespace lblab::probe
