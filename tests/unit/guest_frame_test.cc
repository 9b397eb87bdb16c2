#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/guest/frame.hpp"

namespace lblab::guest {
namespace {

using namespace std::string_literals;

TEST(GuestFrame, IsLaidOutAsTheHeaderSays) {
  EXPECT_EQ(encode({FrameType::data, 0x01020304, "hi"}), "Lb\x02\x00\x04\x03\x02\x01\x02\x00\x00\x00hi"s);
}

TEST(GuestFrame, ComesOutWhole) {
  const Frame frame{FrameType::message, 0, std::string(100000, 'x')};
  Decoder decoder;
  decoder.feed(encode(frame));
  EXPECT_EQ(decoder.next(), frame);
  EXPECT_EQ(decoder.next(), std::nullopt);
}

TEST(GuestFrame, ComesOutOfSingleBytes) {
  const std::vector<Frame> frames = {
      {FrameType::open, 1, "input"}, {FrameType::end, 1, ""}, {FrameType::data, 3, "\0a"s}};
  Decoder decoder;
  std::vector<Frame> seen;
  for (const auto& frame : frames)
    for (const char byte : encode(frame)) {
      decoder.feed({&byte, 1});
      while (auto next = decoder.next()) seen.push_back(*next);
    }
  EXPECT_EQ(seen, frames);
}

TEST(GuestFrame, HalfAFrameIsNone) {
  const auto bytes = encode({FrameType::data, 1, "hello"});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Decoder decoder;
    decoder.feed(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(decoder.next(), std::nullopt) << size << " bytes";
  }
}

TEST(GuestFrame, GarbageIsRefused) {
  for (const auto& garbage :
       {"Xb\x02\0\1\0\0\0\0\0\0\0"s, "Lx\x02\0\1\0\0\0\0\0\0\0"s, "Lb\x00\0\1\0\0\0\0\0\0\0"s,
        "Lb\x07\0\1\0\0\0\0\0\0\0"s, "Lb\x02\1\1\0\0\0\0\0\0\0"s, "Lb\x02\0\1\0\0\0\xff\xff\xff\xff"s}) {
    Decoder decoder;
    decoder.feed(garbage);
    EXPECT_THROW(decoder.next(), ProtocolError) << testing::PrintToString(garbage);
  }
}

TEST(GuestFrame, GarbageAfterAFrameIsRefusedAfterIt) {
  Decoder decoder;
  decoder.feed(encode({FrameType::end, 5, ""}) + "console output, say");
  EXPECT_EQ(decoder.next(), (Frame{FrameType::end, 5, ""}));
  EXPECT_THROW(decoder.next(), ProtocolError);
}

TEST(GuestFrame, TooMuchIsNotSent) {
  EXPECT_THROW(encode({FrameType::message, 0, std::string(max_payload_bytes + 1, 'x')}), std::length_error);
}

TEST(GuestFrame, CreditIsFourBytes) {
  EXPECT_EQ(decode_credit(encode_credit(0xfedcba98)), 0xfedcba98);
  EXPECT_THROW(decode_credit("abc"), ProtocolError);
}

}  // namespace
}  // namespace lblab::guest
