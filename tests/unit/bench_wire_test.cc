#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/bench/wire.hpp"
#include "lab/probe/busy.hpp"

/// What is counted of packets, written here from the RFCs, and of /proc/timer_list.
namespace lblab::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// RFC 791: 20 bytes of header.
Bytes ip(std::uint8_t protocol, const Bytes& content) {
  const auto length = static_cast<std::uint16_t>(20 + content.size());
  Bytes packet{0x45,
               0,
               static_cast<std::uint8_t>(length >> 8),
               static_cast<std::uint8_t>(length),
               0,
               0,
               0x40,
               0,
               64,
               protocol,
               0,
               0,
               10,
               0,
               0,
               1,
               10,
               0,
               0,
               2};
  packet.insert(packet.end(), content.begin(), content.end());
  return packet;
}

/// RFC 9293: 20 bytes of header and 12 of options, as Linux has them in a connection.
Bytes tcp(std::uint16_t from, std::uint16_t to, std::size_t payload) {
  Bytes segment(32 + payload);
  segment[0] = static_cast<std::uint8_t>(from >> 8);
  segment[1] = static_cast<std::uint8_t>(from);
  segment[2] = static_cast<std::uint8_t>(to >> 8);
  segment[3] = static_cast<std::uint8_t>(to);
  segment[12] = 8 << 4;
  return segment;
}

Bytes udp(std::uint16_t to, const Bytes& content) {
  Bytes datagram{0x80, 0, static_cast<std::uint8_t>(to >> 8), static_cast<std::uint8_t>(to), 0, 0, 0, 0};
  datagram.insert(datagram.end(), content.begin(), content.end());
  return datagram;
}

// The papers' Table C.3 has 90 bytes around the payload of such a segment.
TEST(Wire, ASegmentTakesUpWhatThePapersTableHas) {
  WireCount count;
  EXPECT_TRUE(count_packet(ip(6, tcp(40000, 80, 44)), 80, count));
  EXPECT_EQ(count, (WireCount{.packets = 1, .payload = 44, .bytes = 44 + 90}));
  EXPECT_TRUE(count_packet(ip(6, tcp(80, 40000, 0)), 80, count));
  EXPECT_EQ(count, (WireCount{.packets = 2, .payload = 44, .bytes = 44 + 2 * 90}));
}

TEST(Wire, WrappedSegmentsTakeUpTheirWrapping) {
  WireCount count;
  EXPECT_TRUE(count_packet(ip(4, ip(6, tcp(40000, 80, 44))), 80, count));
  EXPECT_EQ(count.bytes, 44U + 90 + 20);
  WireCount vxlan;
  Bytes frame(8 + 14);  // VXLAN's header and Ethernet's
  const auto inner = ip(6, tcp(40000, 80, 44));
  frame.insert(frame.end(), inner.begin(), inner.end());
  EXPECT_TRUE(count_packet(ip(17, udp(4789, frame)), 80, vxlan));
  EXPECT_EQ(vxlan.payload, 44U);
  EXPECT_EQ(vxlan.bytes, 44U + 90 + 50);
}

TEST(Wire, WhatIsOfAnotherPortOrNoSegmentIsNotCounted) {
  WireCount count;
  EXPECT_FALSE(count_packet(ip(6, tcp(40000, 179, 19)), 80, count));
  EXPECT_FALSE(count_packet(ip(17, udp(80, {1, 2, 3})), 80, count));
  EXPECT_FALSE(count_packet(ip(1, Bytes(8)), 80, count));
  EXPECT_FALSE(count_packet({}, 80, count));
  const auto whole = ip(4, ip(6, tcp(40000, 80, 4)));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(count_packet(std::span(whole).first(length), 80, count)) << length;
  EXPECT_EQ(count, WireCount{});
}

constexpr const char* timer_list =
    "Timer List Version: v0.9\nHRTIMER_MAX_CLOCK_BASES: 8\nnow at 5123456789 nsecs\n\ncpu: 0\n"
    " clock 0:\n  .base:       (____ptrval____)\n"
    "  .idle_jiffies   : 4294938000\n  .idle_calls     : 1234\n  .idle_sleeptime : 4000000000 nsecs\n"
    "  .iowait_sleeptime: 77 nsecs\n";

TEST(BusyTime, IsWhatTheProcessorsWereNotIdle) {
  EXPECT_EQ(probe::busy_time(timer_list), std::chrono::nanoseconds{1'123'456'789});
  const std::string two = std::string(timer_list) + "\ncpu: 1\n  .idle_sleeptime : 123456789 nsecs\n";
  EXPECT_EQ(probe::busy_time(two), std::chrono::nanoseconds{1'000'000'000});
}

TEST(BusyTime, SomethingElseHasNone) {
  EXPECT_FALSE(probe::busy_time(""));
  EXPECT_FALSE(probe::busy_time("Timer List\nnow at 5 nsecs\n"));
  EXPECT_FALSE(probe::busy_time("Timer List\nnow at soon\n .idle_sleeptime : 4 nsecs\n"));
}

}  // namespace
}  // namespace lblab::bench
