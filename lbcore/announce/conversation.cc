#include "lbcore/announce/conversation.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace lbcore::announce {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

/// Between attempts, doubled from the first to the second.
constexpr milliseconds first_pause{20}, longest_pause{500};

}  // namespace

asio::awaitable<std::shared_ptr<Conversation>> Conversation::open(std::string path) {
  const auto executor = co_await asio::this_coro::executor;
  const asio::local::stream_protocol::endpoint there(path);
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    Socket socket(executor);
    error_code error;
    co_await socket.async_connect(there, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      const auto opened = std::make_shared<Conversation>(std::move(socket));
      opened->listen();
      co_return opened;
    }
    asio::steady_timer timer(executor, pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

Conversation::Conversation(Socket socket)
    : socket_(std::make_shared<Outbox<Socket>>(std::move(socket))), bell_(socket_->stream().get_executor()) {}

void Conversation::listen() {
  socket_->stream().async_read_some(asio::buffer(chunk_),
                                    [self = shared_from_this()](error_code error, std::size_t bytes) {
                                      self->ended_ = self->ended_ || error;
                                      self->heard_.append(self->chunk_.data(), bytes);
                                      self->stir();
                                      if (!self->ended_) self->listen();
                                    });
}

void Conversation::stir() {
  stirred_ = true;
  bell_.cancel();
}

asio::awaitable<void> Conversation::stirred() {
  const auto self = shared_from_this();
  if (!stirred_) {
    bell_.expires_at(asio::steady_timer::time_point::max());
    error_code rung;
    co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, rung));
  }
  stirred_ = false;
}

std::optional<std::string> Conversation::take_until(std::string_view end) {
  const auto found = heard_.find(end);
  if (found == heard_.npos) return std::nullopt;
  std::string text = heard_.substr(0, found);
  heard_.erase(0, found + end.size());
  return text;
}

std::optional<char> Conversation::take_byte() {
  if (heard_.empty()) return std::nullopt;
  const char byte = heard_.front();
  heard_.erase(0, 1);
  return byte;
}

void Conversation::close() {
  ended_ = true;
  error_code ignored;
  socket_->stream().close(ignored);
  stir();
}

}  // namespace lbcore::announce
