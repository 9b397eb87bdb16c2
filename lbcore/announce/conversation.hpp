#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "lbcore/announce/outbox.hpp"

namespace lbcore::announce {

/// A connection to the unix socket of a daemon that is asked, and that may speak by itself. One thread: its
/// executor's.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  /// Connects, however long it takes until something listens there. No event tells of that: what bind() makes
  /// cannot be connected to before listen().
  static boost::asio::awaitable<std::shared_ptr<Conversation>> open(std::string path);
  explicit Conversation(Socket);

  void say(const std::string& text) { socket_->send(text); }
  /// Begins a turn of stirred().
  void stir();
  /// Waits until more was heard since the last call, the other side has ended, or stir() was called.
  boost::asio::awaitable<void> stirred();
  bool ended() const { return ended_; }
  /// Takes what was heard up to `end`, without it; nothing: that has not been heard yet.
  std::optional<std::string> take_until(std::string_view end);
  /// Takes one byte.
  std::optional<char> take_byte();
  void close();

 private:
  void listen();

  std::shared_ptr<Outbox<Socket>> socket_;
  boost::asio::steady_timer bell_;
  std::array<char, 16'384> chunk_;
  std::string heard_;
  bool stirred_ = false, ended_ = false;
};

}  // namespace lbcore::announce
