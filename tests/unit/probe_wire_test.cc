#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cerrno>

#include "lab/probe/answer.hpp"
#include "lab/probe/datagram.hpp"
#include "lab/probe/echo.hpp"
#include "lab/probe/flows.hpp"
#include "lab/probe/http.hpp"

namespace lblab::probe {
namespace {

using State = ParsedAnswer::State;

// --- HTTP answers ---

constexpr std::string_view of_nginx =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n"
    "Connection: keep-alive\r\nX-Seen: 10.0.0.1:4242\r\n\r\n172.16.1.2";

TEST(ProbeAnswer, TellsWhoAnsweredAndWhomItSaw) {
  const auto parsed = parse_answer(of_nginx);
  ASSERT_EQ(parsed.state, State::whole);
  EXPECT_EQ(parsed.bytes, of_nginx.size());
  EXPECT_EQ(parsed.answer, (Answer{200, "172.16.1.2", "10.0.0.1:4242"}));
}

TEST(ProbeAnswer, EveryBeginningOfOneIsIncomplete) {
  for (std::size_t length = 0; length < of_nginx.size(); ++length) {
    const auto parsed = parse_answer(of_nginx.substr(0, length));
    EXPECT_EQ(parsed.state, State::incomplete) << length;
    EXPECT_TRUE(parsed.bytes == 0 || parsed.bytes == of_nginx.size());
  }
}

TEST(ProbeAnswer, IsFollowedByTheNext) {
  const auto two = std::string(of_nginx) + "HTTP/1.1 204 No Content\r\n\r\n";
  const auto first = parse_answer(two);
  EXPECT_EQ(first.bytes, of_nginx.size());
  const auto second = parse_answer(std::string_view(two).substr(first.bytes));
  EXPECT_EQ(second.state, State::whole);
  EXPECT_EQ(second.bytes, two.size() - first.bytes);
  EXPECT_EQ(second.answer, (Answer{204, "", ""}));
}

TEST(ProbeAnswer, NamesOfFieldsHaveNoCaseAndValuesNoBlanksRoundThem) {
  const auto parsed =
      parse_answer("HTTP/1.0 503\r\nCONTENT-length:\t 4 \r\nx-seen:[::1]:5  \r\nEmpty:\r\n\r\na\nbc");
  ASSERT_EQ(parsed.state, State::whole);
  EXPECT_EQ(parsed.answer, (Answer{503, "a", "[::1]:5"}));
}

TEST(ProbeAnswer, WhatAServerSaysOfItselfIsKeptShort) {
  const auto parsed = parse_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  EXPECT_EQ(parsed.answer.server, std::string(64, 'x'));
}

TEST(ProbeAnswer, WhatIsNoneIsMalformed) {
  for (const auto* text :
       {"SSH-2.0-OpenSSH", "HTTP/2 200\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", "HTTP/1.1 200\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n"})
    EXPECT_EQ(parse_answer(text).state, State::malformed) << text;
  EXPECT_EQ(parse_answer("HTTP/1.1 200 OK\r\n" + std::string(2 << 20, 'x')).state, State::malformed);
}

RC_GTEST_PROP(ProbeAnswer, AnyBytesAreTakenCalmly, (std::string bytes)) {
  parse_answer(bytes);
  const auto parsed = parse_answer("HTTP/1.1 200 OK\r\n" + bytes + "\r\n\r\n");
  RC_ASSERT(parsed.state != State::whole || parsed.bytes <= bytes.size() + 21);
}

// --- datagrams ---

Datagram an_answer() {
  return {.kind = Datagram::Kind::answer,
          .run = 0x01020304,
          .flow = 7,
          .number = 0x1122334455667788,
          .server = sys::Address::parse("172.16.1.2"),
          .seen = Endpoint{*sys::Address::parse("2001:db8::1"), 40001}};
}

TEST(ProbeDatagram, IsWhatItWasWhenItArrives) {
  EXPECT_EQ(decode(encode(an_answer())), an_answer());
  const Datagram question{.run = 5, .flow = 65535, .number = 6};
  EXPECT_EQ(decode(encode(question)), question);
}

TEST(ProbeDatagram, HasItsBytesWhereItsHeaderSays) {
  const auto bytes = encode(an_answer());
  const auto at = [&](std::size_t first, std::size_t count) {
    return std::vector<int>(bytes.begin() + static_cast<long>(first),
                            bytes.begin() + static_cast<long>(first + count));
  };
  EXPECT_EQ(at(0, 8), (std::vector<int>{'L', 'B', 'P', 'R', 1, 1, 0, 7}));
  EXPECT_EQ(at(8, 4), (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(at(12, 8), (std::vector<int>{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}));
  EXPECT_EQ(at(20, 5), (std::vector<int>{4, 172, 16, 1, 2}));
  EXPECT_EQ(at(37, 5), (std::vector<int>{6, 0x20, 0x01, 0x0d, 0xb8}));
  EXPECT_EQ(at(54, 3), (std::vector<int>{40001 / 256, 40001 % 256, 0}));
}

TEST(ProbeDatagram, OthersAreNone) {
  const auto good = encode(an_answer());
  EXPECT_FALSE(decode({})) << "empty";
  EXPECT_FALSE(decode(std::span(good).first(63))) << "short";
  std::vector<std::uint8_t> longer(good.begin(), good.end());
  longer.push_back(0);
  EXPECT_FALSE(decode(longer)) << "long";
  for (const auto& [at, why] : {std::pair{0, "magic"}, {4, "version"}, {63, "padding"}}) {
    auto bad = good;
    bad[static_cast<std::size_t>(at)] ^= 0x80;
    EXPECT_FALSE(decode(bad)) << why;
  }
  for (const auto& [at, value] : {std::pair{5, 2}, {20, 0}, {20, 5}, {37, 0}}) {
    auto bad = good;
    bad[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(decode(bad)) << at << " = " << value;
  }
  auto question = good;
  question[5] = 0;
  EXPECT_FALSE(decode(question)) << "a question knows no server";
}

TEST(ProbeEcho, GreetsWithALineOfJson) {
  EXPECT_EQ(greeting(*sys::Address::parse("10.0.0.106"), {*sys::Address::parse("::1"), 5}),
            "{\"server\":\"10.0.0.106\",\"seen\":\"[::1]:5\"}\n");
}

// --- how something ended ---

TEST(ProbeEnds, RequestsEndByWhatTheKernelSays) {
  EXPECT_EQ(end_by(ECONNREFUSED), Request::End::refused);
  EXPECT_EQ(end_by(ECONNRESET), Request::End::reset);
  EXPECT_EQ(end_by(EPIPE), Request::End::closed);
  EXPECT_EQ(end_by(ETIMEDOUT), Request::End::timed_out);
  EXPECT_EQ(end_by(EHOSTUNREACH), Request::End::unreachable);
  EXPECT_EQ(end_by(EADDRNOTAVAIL), Request::End::unreachable);
}

TEST(ProbeEnds, AnOpenFlowThatFindsNobodyWasSilentAndOneNeverOpenedRefused) {
  EXPECT_EQ(flow_end_by(ECONNRESET, true), Flow::End::reset);
  EXPECT_EQ(flow_end_by(EPIPE, true), Flow::End::closed);
  EXPECT_EQ(flow_end_by(ETIMEDOUT, true), Flow::End::silent);
  EXPECT_EQ(flow_end_by(ETIMEDOUT, false), Flow::End::silent);
  EXPECT_EQ(flow_end_by(EHOSTUNREACH, true), Flow::End::silent);
  EXPECT_EQ(flow_end_by(EHOSTUNREACH, false), Flow::End::refused);
  EXPECT_EQ(flow_end_by(ECONNREFUSED, false), Flow::End::refused);
}

}  // namespace
}  // namespace lblab::probe
