#pragma once

#include <map>
#include <optional>
#include <string>

#include "lab/probe/batch.hpp"
#include "lab/probe/loop.hpp"

namespace lblab::probe {

struct EchoSettings {
  std::uint16_t port = 0;
  bool udp = true, tcp = true;
  std::optional<sys::Address> own;  // who it says it is; empty: the address that was asked
};

/// Answers on every address of its host, from the address that was asked, and says who it is and whom it
/// sees. UDP: datagram.hpp. TCP: greeting() for each connection, and again for each line received.
class Echo : public Probe {
 public:
  /// IPv6 only where the kernel has it.
  Echo(Loop&, const EchoSettings&);
  nanoseconds act(nanoseconds, bool) override { return nanoseconds::max(); }
  void take(const epoll_event&) override;

 private:
  struct Connection {
    sys::Fd socket;
    std::string greeting;
  };

  void open(Loop&, int family);
  void answer(const sys::Fd& socket);
  void accept(const sys::Fd& listener);
  void greet(std::uint64_t token);

  EchoSettings settings_;
  Loop& loop_;
  std::map<std::uint64_t, sys::Fd> sockets_, listeners_;  // by token, as the connections
  std::map<std::uint64_t, Connection> connections_;
  std::uint64_t next_token_ = 0;
  Batch batch_;
};

/// A line of JSON: {"server":"10.0.0.106","seen":"10.0.0.110:40001"}
std::string greeting(const sys::Address& server, const Endpoint& seen);

}  // namespace lblab::probe
