#include "lab/guest/relay.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "lab/sys/error.hpp"

namespace lblab::guest {

asio::awaitable<void> carry(Descriptor& from, Stream& to) {
  std::array<char, chunk_bytes> buffer;
  try {
    while (const auto size = co_await from.read(asio::buffer(buffer)))
      co_await to.write({buffer.data(), size});
    to.end();
  } catch (const StreamClosed&) {
  } catch (const sys::SystemError& error) {
    to.reset(error.what());
  }
}

asio::awaitable<bool> carry(Stream& from, Descriptor& to) {
  std::array<char, chunk_bytes> buffer;
  try {
    while (const auto size = co_await from.read(asio::buffer(buffer)))
      co_await to.write({buffer.data(), size});
    co_return true;
  } catch (const StreamClosed&) {
  } catch (const sys::SystemError& error) {
    from.reset(error.what());
  }
  co_return false;
}

namespace {

asio::awaitable<void> carry_and_shut(Stream& from, Descriptor& to) {
  const bool whole = co_await carry(from, to);
  ::shutdown(to.fd(), whole ? SHUT_WR : SHUT_RDWR);  // RDWR also ends the other direction's read
}

}  // namespace

asio::awaitable<void> relay(sys::Fd socket, Stream stream) {
  using namespace asio::experimental::awaitable_operators;
  sys::check("make a socket non-blocking", ::fcntl(socket.get(), F_SETFL, O_NONBLOCK));
  Descriptor descriptor(co_await asio::this_coro::executor, std::move(socket));
  co_await (carry(descriptor, stream) && carry_and_shut(stream, descriptor));
}

}  // namespace lblab::guest
