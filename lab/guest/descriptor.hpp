#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string_view>

#include "lab/sys/fd.hpp"

namespace lblab::guest {

namespace asio = boost::asio;

/// Coroutine reads and writes on a descriptor that somebody else may share: a terminal, a shell's pipe, a
/// file. Asio's own would make it non-blocking, and with it the descriptor of everybody else; this one leaves
/// its flags alone and asks an epoll of its own. What is always ready, such as a file, is read and written at
/// once.
class Descriptor {
 public:
  /// Borrows fd, which must outlive this object.
  Descriptor(const asio::any_io_executor& executor, int fd);
  /// Owns it.
  Descriptor(const asio::any_io_executor& executor, sys::Fd fd) : Descriptor(executor, fd.get()) {
    owned_ = std::move(fd);
  }

  int fd() const { return fd_; }
  /// At least one byte, or 0 at the end (also when a terminal's other side has gone).
  asio::awaitable<std::size_t> read(asio::mutable_buffer into);
  asio::awaitable<void> write(std::string_view bytes);

 private:
  using Readiness = std::optional<asio::posix::stream_descriptor>;  // of an epoll; none: always ready

  sys::Fd owned_;
  int fd_;
  bool blocking_;
  Readiness input_, output_;
};

}  // namespace lblab::guest
