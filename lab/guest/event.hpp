#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lblab::guest {

namespace asio = boost::asio;

/// Wakes every coroutine that waits. It holds no state: a waiter looks at what it waits for in a loop around
/// wait().
class Event {
 public:
  explicit Event(const asio::any_io_executor& executor)
      : timer_(executor, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait();
  void notify() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

/// Runs all of them until one is over, cancels the others, waits until they are over too, and rethrows what
/// the first one threw, if it did.
asio::awaitable<void> first_of(asio::awaitable<void> a, asio::awaitable<void> b);

template <class... More>
asio::awaitable<void> first_of(asio::awaitable<void> a, asio::awaitable<void> b, More... more) {
  return first_of(std::move(a), first_of(std::move(b), std::move(more)...));
}

/// Until it is cancelled.
asio::awaitable<void> forever();

/// Work whose end does not end what first_of() runs it with.
asio::awaitable<void> beside(asio::awaitable<void> work);

}  // namespace lblab::guest
