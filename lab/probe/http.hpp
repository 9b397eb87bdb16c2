#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "lab/probe/record.hpp"
#include "lab/probe/schedule.hpp"
#include "lab/probe/stream.hpp"

namespace lblab::probe {

struct HttpSettings {
  Endpoint to;
  int rate = 50;  // per second
  nanoseconds timeout = std::chrono::seconds{5};
};

/// Requests at a fixed rate, whether or not those before were answered (open loop); a connection each.
class HttpProbe : public Probe {
 public:
  HttpProbe(Loop&, const HttpSettings&);
  nanoseconds act(nanoseconds now, bool sending) override;
  void take(const epoll_event&) override;
  bool is_outstanding() const override { return active_ > 0; }

  /// What is still without an answer stays so.
  std::vector<Request> finish();

 private:
  void begin();
  void go_on(std::size_t request);
  void end(std::size_t request, Request::End);
  void end_overdue(nanoseconds now);
  Request& record(std::size_t request) { return requests_[request]; }

  HttpSettings settings_;
  Loop& loop_;
  std::string text_;
  Schedule schedule_;
  std::vector<Request> requests_;
  // Of requests_[first_], and those after it; all before it have ended. A request ends by losing its stream.
  std::deque<std::optional<Stream>> streams_;
  std::size_t first_ = 0;
  std::size_t active_ = 0;
};

/// How a request ends that failed with this errno.
Request::End end_by(int error);

}  // namespace lblab::probe
