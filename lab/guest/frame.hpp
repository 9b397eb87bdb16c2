#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace lblab::guest {

/// What travels over the port between host and guest: a sequence of frames, each a 12-byte header and a
/// payload.
///
///     offset  bytes  field (integers are little-endian)
///          0      2  magic, 'L' 'b'
///          2      1  type
///          3      1  zero
///          4      4  stream
///          8      4  length of the payload, at most max_payload_bytes
///
/// How streams and credit behave is said in mux.hpp.
enum class FrameType : std::uint8_t {
  open = 1,     // a new stream; payload: its purpose
  data = 2,     // bytes of a stream; uses up credit
  end = 3,      // the sender sends no more data on this stream
  reset = 4,    // the stream is over in both directions; payload: why, for people
  credit = 5,   // payload: u32, how many more bytes of data the other side may send
  message = 6,  // stream 0: a control message, outside flow control
};

inline constexpr std::size_t max_payload_bytes = 1024 * 1024;
inline constexpr std::size_t header_bytes = 12;

struct Frame {
  FrameType type = FrameType::message;
  std::uint32_t stream = 0;
  std::string payload;

  bool operator==(const Frame&) const = default;
};

/// The other side sent what the protocol does not allow. The connection cannot be used any further.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string encode(const Frame&);
std::string encode_credit(std::uint32_t bytes);
std::uint32_t decode_credit(std::string_view payload);  // throws ProtocolError

/// Turns bytes, in pieces of any size, into frames. Holds at most one incomplete frame and what was fed
/// since.
class Decoder {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole frame; nullopt when more bytes are needed. Throws ProtocolError on garbage.
  std::optional<Frame> next();

 private:
  std::string buffer_;
  std::size_t taken_ = 0;  // bytes at the front of buffer_ that were handed out already
};

}  // namespace lblab::guest
