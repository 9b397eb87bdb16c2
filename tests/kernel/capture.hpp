#pragma once

#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/kernel/program.hpp"

namespace lblab {

/// A UDP datagram over IPv4, as tcpdump has it.
struct CapturedDatagram {
  std::chrono::nanoseconds at{};  // CLOCK_REALTIME
  std::uint16_t from_port = 0, to_port = 0;
  std::string payload;
};

/// tcpdump on an interface: it says what passes as it passes, and has it all in a file in the end. It keeps
/// little of a packet, so that its ring has room for many.
class Capture {
 public:
  Capture(const sys::Netns& inside, const std::string& interface, std::string file, const std::string& filter)
      : file_(std::move(file)),
        tcpdump_(inside, {"tcpdump", "-n", "-i", interface, "-s", "256", "-B", "4096", "-Z", "root",
                          "--immediate-mode", "-U", "-l", "--print", "--time-stamp-precision=nano", "-w",
                          file_, filter}) {
    tcpdump_.until("tcpdump to listen",
                   [](const auto& line) { return line.find("listening on") != line.npos; });
  }

  /// Until so many more packets have passed whose line has `part` in it.
  void await(int count, const std::string& part = " IP") {
    while (count-- > 0)
      tcpdump_.until("a packet with \"" + part + "\"",
                     [&](const auto& line) { return line.find(part) != std::string::npos; });
  }

  /// All that was seen. Throws if something was not.
  std::vector<CapturedDatagram> end() {
    tcpdump_.signal(SIGINT);
    tcpdump_.until("a count of what was dropped",
                   [](const auto& line) { return line == "0 packets dropped by kernel"; });
    return read(sys::read_file(file_));
  }

 private:
  template <class T>
  static T take(std::string_view& bytes) {
    T value;
    if (bytes.size() < sizeof value) throw std::runtime_error("a capture is cut short");
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return value;
  }

  /// pcap-savefile(5), written on this machine.
  static std::vector<CapturedDatagram> read(std::string_view bytes) {
    constexpr std::uint32_t nanosecond_magic = 0xa1b23c4d;
    struct Head {
      std::uint32_t magic, rest[5];
    };
    struct PacketHead {
      std::uint32_t seconds, nanoseconds, captured, length;
    };
    if (take<Head>(bytes).magic != nanosecond_magic) throw std::runtime_error("no capture in nanoseconds");
    std::vector<CapturedDatagram> datagrams;
    while (!bytes.empty()) {
      const auto head = take<PacketHead>(bytes);
      auto packet = bytes.substr(0, head.captured);
      bytes.remove_prefix(packet.size());
      if (ntohs(take<ether_header>(packet).ether_type) != ETHERTYPE_IP) continue;
      const auto ip = take<iphdr>(packet);
      if (ip.protocol != IPPROTO_UDP || ip.ihl != 5) continue;
      const auto udp = take<udphdr>(packet);
      datagrams.push_back({std::chrono::seconds{head.seconds} + std::chrono::nanoseconds{head.nanoseconds},
                           ntohs(udp.source), ntohs(udp.dest),
                           std::string(packet.substr(0, ntohs(udp.len) - sizeof udp))});
    }
    return datagrams;
  }

  std::string file_;
  Program tcpdump_;
};

}  // namespace lblab
