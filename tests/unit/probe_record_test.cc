#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "lab/probe/record_file.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::probe {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

UdpRecord udp() {
  return {.ports = {40001, 40002},
          .sent = {{0, 0, 1000000000000000001ns}, {1, 0, 1000000000005000000ns, 101}},
          .echoes = {{0, 0, 1000000000000200000ns, "172.16.1.2", "[2001:db8::1]:40001"}}};
}

std::vector<Request> requests() {
  return {{.number = 0,
           .due = 10ns,
           .began = 11ns,
           .connected = 12ns,
           .ended = 13ns,
           .end = Request::End::answered,
           .status = 200,
           .port = 40003,
           .server = "172.16.1.2",
           .seen = "192.0.2.10:40003"},
          {.number = 1, .due = 20ns, .began = 21ns, .ended = 5021ns, .end = Request::End::timed_out}};
}

std::vector<Flow> flows() {
  return {{.port = 40004,
           .began = 5ns,
           .ended = 90ns,
           .end = Flow::End::silent,
           .seen = "192.0.2.10:40004",
           .exchanges = {{10ns, 12ns, "172.16.1.2"}, {20ns, std::nullopt, ""}}},
          {.port = 40005, .began = 6ns, .ended = 7ns, .end = Flow::End::refused}};
}

JitterRecord jitter() {
  return {.began = 1ns, .ended = 99ns, .period = 5ms, .late = {{10ns, 6ms}}, .waited = 3ms};
}

/// What the reader says of a text: its complaint, or nothing.
template <class Parse>
std::string complaint(Parse parse, const std::string& text) {
  try {
    parse(text, "f.jsonl");
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(ProbeRecord, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(parse_udp(text_of(udp()), ""), udp());
  EXPECT_EQ(parse_requests(text_of(requests()), ""), requests());
  EXPECT_EQ(parse_flows(text_of(flows()), ""), flows());
  EXPECT_EQ(parse_jitter(text_of(jitter()), ""), jitter());
}

TEST(ProbeRecord, EveryEndHasItsName) {
  for (int end = 0; end <= static_cast<int>(Request::End::unfinished); ++end) {
    std::vector<Request> one{{.end = static_cast<Request::End>(end)}};
    EXPECT_EQ(parse_requests(text_of(one), ""), one) << text_of(one);
  }
  for (int end = 0; end <= static_cast<int>(Flow::End::silent); ++end) {
    std::vector<Flow> one{{.end = static_cast<Flow::End>(end)}};
    EXPECT_EQ(parse_flows(text_of(one), ""), one) << text_of(one);
  }
}

TEST(ProbeRecord, IsALineADatagramThatAPersonCanRead) {
  EXPECT_EQ(text_of(udp()),
            "{\"record\":\"udp\",\"lines\":3,\"ports\":[40001,40002],\"sent\":[\"flow\",\"number\",\"at\"],"
            "\"echo\":[\"flow\",\"number\",\"at\",\"server\",\"seen\"]}\n"
            "{\"sent\":[0,0,1000000000000000001]}\n"
            "{\"sent\":[1,0,1000000000005000000,101]}\n"
            "{\"echo\":[0,0,1000000000000200000,\"172.16.1.2\",\"[2001:db8::1]:40001\"]}\n");
}

TEST(ProbeRecord, HoldsWhateverAServerSaysOfItself) {
  std::vector<Request> odd{{.end = Request::End::answered, .server = "a\"b\\\n{}"}};
  EXPECT_EQ(parse_requests(text_of(odd), ""), odd);
  odd[0].server = "\xff";
  EXPECT_EQ(parse_requests(text_of(odd), "")[0].server, "\xef\xbf\xbd");
}

TEST(ProbeRecord, ACutOneIsNotTakenForAWhole) {
  const auto text = text_of(udp());
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_THAT(complaint(parse_udp, text.substr(0, length)), StartsWith("f.jsonl:")) << length;
  EXPECT_EQ(complaint(parse_udp, text.substr(0, text.rfind("{\"echo"))),
            "f.jsonl:4: the record is cut short");
  EXPECT_EQ(complaint(parse_udp, text + "{}\n"), "f.jsonl:5: is more than the first line tells of");
}

TEST(ProbeRecord, ComplaintsNameFileAndLine) {
  auto text = text_of(udp());
  EXPECT_EQ(complaint(parse_jitter, text), "f.jsonl:1: is no record of jitter");
  EXPECT_THAT(complaint(parse_udp, "udp\n"), StartsWith("f.jsonl:1: "));
  const auto broken = [&](const std::string& part, const std::string& by) {
    auto copy = text;
    return copy.replace(copy.find(part), part.size(), by);
  };
  EXPECT_EQ(complaint(parse_udp, broken("[1,0", "[2,0")), "f.jsonl:3: no such flow");
  EXPECT_EQ(complaint(parse_udp, broken("echo\":[0,", "echo\":[-1,")), "f.jsonl:4: no such flow");
  EXPECT_THAT(complaint(parse_udp, broken("200000,", "\"x\",")), StartsWith("f.jsonl:4: "));
  text = text_of(requests());
  EXPECT_EQ(complaint(parse_requests, broken("timed_out", "bored")), "f.jsonl:3: \"bored\" is no way to end");
  EXPECT_EQ(complaint(parse_flows, "{\"record\":\"flows\",\"lines\":1}\n{\"exchange\":[1,2,\"\"]}\n"),
            "f.jsonl:2: an exchange of no flow");
}

TEST(ProbeRecord, AFolderHasThoseOfTheProbesThatRan) {
  std::string folder = (std::filesystem::temp_directory_path() / "probe-record-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(read_records(folder), Records{});
  sys::write_file(folder + "/udp.jsonl", text_of(udp()));
  sys::write_file(folder + "/flows.jsonl", text_of(flows()));
  EXPECT_EQ(read_records(folder), (Records{.udp = udp(), .flows = flows()}));
  sys::write_file(folder + "/http.jsonl", text_of(requests()));
  sys::write_file(folder + "/jitter.jsonl", text_of(jitter()));
  EXPECT_EQ(read_records(folder), (Records{udp(), requests(), flows(), jitter()}));
  EXPECT_THROW(read_udp(folder + "/none"), sys::SystemError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lblab::probe
