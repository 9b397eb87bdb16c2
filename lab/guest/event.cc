#include "lab/guest/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <variant>

namespace lblab::guest {

asio::awaitable<void> Event::wait() { co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable)); }

namespace {

/// For operator||, an operation that throws has not ended the race; one that returns its exception has.
asio::awaitable<std::exception_ptr> settled(asio::awaitable<void> work) {
  std::exception_ptr thrown;
  try {
    co_await std::move(work);
  } catch (...) {
    thrown = std::current_exception();
  }
  co_return thrown;
}

}  // namespace

asio::awaitable<void> first_of(asio::awaitable<void> a, asio::awaitable<void> b) {
  using namespace asio::experimental::awaitable_operators;
  const auto first = co_await (settled(std::move(a)) || settled(std::move(b)));
  const auto thrown = std::visit([](const std::exception_ptr& e) { return e; }, first);
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> forever() { co_await Event(co_await asio::this_coro::executor).wait(); }

asio::awaitable<void> beside(asio::awaitable<void> work) {
  co_await std::move(work);
  co_await forever();
}

}  // namespace lblab::guest
