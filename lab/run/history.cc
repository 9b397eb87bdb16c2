#include "lab/run/history.hpp"

#include <time.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

namespace lblab::run {

namespace {

double seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Listed for as long as the coroutine waits, also when it is destroyed in the middle.
struct Waiting {
  Waiting(std::list<asio::steady_timer*>& list, asio::steady_timer* timer)
      : list(list), place(list.insert(list.end(), timer)) {}
  ~Waiting() { list.erase(place); }
  std::list<asio::steady_timer*>& list;
  std::list<asio::steady_timer*>::iterator place;
};

}  // namespace

History::History(asio::any_io_executor executor, const std::string& file)
    : executor_(std::move(executor)), file_(file, std::ios::app) {}

void History::append(nlohmann::json event) {
  if (!event.contains("t")) event["t"] = seconds(CLOCK_MONOTONIC);
  if (!event.contains("time")) event["time"] = seconds(CLOCK_REALTIME);
  lines_.push_back(event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  file_ << lines_.back() << std::endl;
  for (auto* timer : waiting_) timer->cancel();
}

asio::awaitable<bool> History::until(std::function<bool()> holds, Deadline deadline) {
  asio::steady_timer timer{executor_};
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= deadline) co_return false;
    timer.expires_at(deadline);
    const Waiting listed{waiting_, &timer};
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return true;
}

}  // namespace lblab::run
