#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

namespace lblab {

/// UDP flows, each of one 5-tuple for as long as this lives, to an address that several hosts have: which of
/// them gets a flow is up to the router between.
class UdpFlows {
 public:
  using Reached = std::map<std::uint16_t, std::string>;  // source port → the host that got the datagram

  struct From {
    const sys::Netns& inside;
    std::string address;
    std::uint16_t first_port;
    int count;
  };
  UdpFlows(const From& from, const std::string& to, const std::map<std::string, const sys::Netns*>& hosts)
      : to_(endpoint(to, discard_port)) {
    for (int i = 0; i < from.count; ++i) {
      const auto port = static_cast<std::uint16_t>(from.first_port + i);
      sources_.emplace(port, bound(from.inside, endpoint(from.address, port)));
    }
    for (const auto& [name, inside] : hosts) sinks_.emplace(name, bound(*inside, to_));
  }

  /// Sends on each flow for a while, and says where the last datagrams arrived. To the kernel, which counts
  /// in ticks of up to 10 ms, a bucket whose only packet came in the tick of its last move has had none.
  Reached send() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    while (std::chrono::steady_clock::now() < end) send_once();
    return send_once();
  }

 private:
  static constexpr std::uint16_t discard_port = 9;

  Reached send_once() {
    ++round_;
    for (const auto& [port, source] : sources_)
      sys::check("send a datagram",
                 static_cast<int>(::sendto(source.get(), &round_, sizeof round_, 0,
                                           reinterpret_cast<const sockaddr*>(&to_), sizeof to_)));
    Reached reached;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (reached.size() < sources_.size()) {
      if (!wait(deadline))
        throw std::runtime_error("of " + std::to_string(sources_.size()) + " flows only " +
                                 std::to_string(reached.size()) + " arrived");
      for (const auto& [name, sink] : sinks_) receive(name, sink, reached);
    }
    return reached;
  }

  static sockaddr_in endpoint(const std::string& address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &made.sin_addr) != 1)
      throw std::invalid_argument(address + " is no IPv4 address");
    return made;
  }
  static sys::Fd bound(const sys::Netns& inside, const sockaddr_in& at) {
    auto socket = inside.within([] {
      return sys::Fd{
          sys::check("open a UDP socket", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
    });
    sys::check("bind a UDP socket", ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
    return socket;
  }

  bool wait(std::chrono::steady_clock::time_point deadline) const {
    std::vector<pollfd> readable;
    for (const auto& [name, sink] : sinks_) readable.push_back({sink.get(), POLLIN, 0});
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    return left > 0 && sys::check("wait for datagrams",
                                  ::poll(readable.data(), readable.size(), static_cast<int>(left))) > 0;
  }
  void receive(const std::string& name, const sys::Fd& sink, Reached& reached) const {
    int round = 0;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    while (::recvfrom(sink.get(), &round, sizeof round, 0, reinterpret_cast<sockaddr*>(&from), &size) > 0)
      if (round == round_) reached[ntohs(from.sin_port)] = name;
  }

  sockaddr_in to_;
  std::map<std::uint16_t, sys::Fd> sources_;
  std::map<std::string, sys::Fd> sinks_;
  int round_ = 0;
};

}  // namespace lblab
