#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lab/sys/fd.hpp"

/// Many streams over one port. Frames are those of frame.hpp.
///
/// - A stream is opened by either side with a text that says what for, and carries bytes in both directions.
/// Ids are the
///   opener's: the host's are odd, the guest's even.
/// - Flow control is per stream and direction. A sender may have window_bytes under way; the receiver grants
/// more (`credit`) as
///   its reader takes bytes out. So a stream whose reader is slow holds at most window_bytes of memory at the
///   receiver and never keeps another stream, or a message, waiting.
/// - A sender has one chunk of at most chunk_bytes waiting for the port at a time, so that the streams take
/// turns.
/// - `end` closes one direction, as shutdown(SHUT_WR) does; `reset` closes both at once and says why.
/// - Messages travel apart from streams and in order with the frames sent before them.
/// - A side that breaks these rules gets its connection closed: run() throws ProtocolError.
///
/// Everything here belongs to one thread.
namespace lblab::guest {

namespace asio = boost::asio;

inline constexpr std::uint32_t window_bytes = 256 * 1024;
inline constexpr std::size_t chunk_bytes = 32 * 1024;

enum class Side { host, guest };

/// A stream, or the port beneath it, that is over: what() says why.
class StreamClosed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One end of a stream. Dropping it while either direction is open resets the stream.
class Stream {
 public:
  struct State;
  explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  const std::string& purpose() const;
  /// At least one byte, or 0 once the other side has ended. Throws StreamClosed after a reset.
  asio::awaitable<std::size_t> read(asio::mutable_buffer into);
  /// Returns when all of it has been given to the port. Throws StreamClosed after a reset. `bytes` must live
  /// until then.
  asio::awaitable<void> write(std::string_view bytes);
  void end();
  void reset(std::string_view why);

 private:
  std::shared_ptr<State> state_;
};

class Mux {
 public:
  /// Owns the port: a socket, or the guest's virtio port.
  Mux(asio::any_io_executor executor, Side side, sys::Fd port);
  ~Mux();
  Mux(const Mux&) = delete;

  /// Reads and writes the port until the other side is gone. Streams then fail, accept() and message() too.
  /// The Mux must outlive it.
  asio::awaitable<void> run();

  Stream open(std::string purpose);
  /// The next stream that the other side has opened.
  asio::awaitable<Stream> accept();

  void send(std::string message);
  /// The other side's next message.
  asio::awaitable<std::string> message();
  /// Returns when everything sent so far has been given to the port.
  asio::awaitable<void> flush();

 private:
  struct State;
  friend Stream::State;
  std::shared_ptr<State> state_;
};

}  // namespace lblab::guest
