#pragma once

#include <cstdint>
#include <string>

#include "lab/probe/answer.hpp"
#include "lab/probe/loop.hpp"
#include "lab/probe/socket.hpp"

namespace lblab::probe {

/// A TCP connection over which HTTP requests go and answers come back, in order. Never blocks.
class Stream {
 public:
  /// Begins to connect; failure() tells if that was already in vain.
  Stream(Loop&, const Endpoint& to, std::uint64_t token);

  bool is_connected() const { return connected_at_ != nanoseconds{}; }
  nanoseconds connected_at() const { return connected_at_; }  // when it was noticed; 0: not yet
  std::uint16_t port() const { return port_; }
  /// The errno that ended it; 0: none. An end of the stream and what is no answer are EPIPE.
  int failure() const { return failure_; }

  /// Sends at once what it can, and the rest later.
  void send(std::string_view text);
  /// For each event, or when it is to be known what has come in: goes on with connecting, sending, reading.
  void go_on();
  /// The next whole answer among what was read.
  bool take(Answer& answer);
  /// When the last packet came in that was read.
  nanoseconds read_at() const { return read_at_; }

 private:
  void check_connected();
  void flush();
  void read();

  sys::Fd socket_;
  std::uint16_t port_ = 0;
  nanoseconds connected_at_{}, read_at_{};
  int failure_ = 0;
  std::string unsent_, unread_;
  std::size_t needed_ = 1;  // bytes of unread_ before it is worth looking at again
};

/// "GET / HTTP/1.1", for a connection that is kept, or not.
std::string request_text(const Endpoint& to, bool keep);

}  // namespace lblab::probe
