#include "lab/scenario/own_lateness.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace lblab::scenario {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> watch_own_lateness(std::vector<probe::JitterRecord::Late>& late) {
  constexpr auto period = 50ms;
  asio::steady_timer timer{co_await asio::this_coro::executor};
  for (;;) {
    const auto due = std::chrono::steady_clock::now() + period;
    timer.expires_at(due);
    co_await timer.async_wait(asio::use_awaitable);
    const auto by = std::chrono::steady_clock::now() - due;
    if (by > period) late.push_back({due.time_since_epoch(), by});
  }
}

}  // namespace lblab::scenario
