#include "lab/guest/frame.hpp"

namespace lblab::guest {

namespace {

void put32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint32_t get32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

bool known(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(FrameType::open) &&
         type <= static_cast<std::uint8_t>(FrameType::message);
}

}  // namespace

std::string encode(const Frame& frame) {
  if (frame.payload.size() > max_payload_bytes)
    throw std::length_error("a frame of " + std::to_string(frame.payload.size()) + " bytes");
  std::string out = "Lb";
  out.reserve(header_bytes + frame.payload.size());
  out.push_back(static_cast<char>(frame.type));
  out.push_back('\0');
  put32(out, frame.stream);
  put32(out, static_cast<std::uint32_t>(frame.payload.size()));
  return out + frame.payload;
}

std::string encode_credit(std::uint32_t bytes) {
  std::string out;
  put32(out, bytes);
  return out;
}

std::uint32_t decode_credit(std::string_view payload) {
  if (payload.size() != 4)
    throw ProtocolError("a credit frame of " + std::to_string(payload.size()) + " bytes");
  return get32(payload);
}

std::optional<Frame> Decoder::next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < header_bytes) {
    buffer_.erase(0, std::exchange(taken_, 0));
    return std::nullopt;
  }
  const auto type = static_cast<std::uint8_t>(rest[2]);
  if (rest[0] != 'L' || rest[1] != 'b' || rest[3] != '\0' || !known(type))
    throw ProtocolError("bytes that are no frame");
  const std::size_t length = get32(rest.substr(8));
  if (length > max_payload_bytes) throw ProtocolError("a frame of " + std::to_string(length) + " bytes");
  if (rest.size() < header_bytes + length) {
    buffer_.erase(0, std::exchange(taken_, 0));
    return std::nullopt;
  }
  taken_ += header_bytes + length;
  return Frame{static_cast<FrameType>(type), get32(rest.substr(4)),
               std::string(rest.substr(header_bytes, length))};
}

}  // namespace lblab::guest
