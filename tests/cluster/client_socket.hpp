#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lab/sys/address.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

/// TCP in a host of a lab, done by the test itself. A call that takes longer than 30 s has failed.
namespace lblab {

inline sys::Fd tcp_socket(const sys::Netns& inside) {
  auto fd = inside.within([] {
    return sys::Fd{sys::check("make a TCP socket", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  });
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    sys::check("limit a socket", ::setsockopt(fd.get(), SOL_SOCKET, option, &limit, sizeof limit));
  return fd;
}

inline sockaddr_in ipv4_endpoint(const sys::Address& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address.v4_number());
  return to;
}

/// To port 80. Throws if there is no connection.
inline sys::Fd connected(const sys::Netns& inside, const sys::Address& address) {
  auto fd = tcp_socket(inside);
  const auto to = ipv4_endpoint(address, 80);
  sys::check("connect to " + address.str(),
             ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to));
  return fd;
}

inline bool send_all(const sys::Fd& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Less, if the other side ends or falls silent.
inline std::string receive(const sys::Fd& from, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto n = ::recv(from.get(), bytes.data() + have, count - have, 0);
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

/// A connection to a web pod's nginx, kept open. Opened by the constructor, which throws if it cannot be.
class HttpConnection {
 public:
  struct Answer {
    std::string server;  // who it is; empty: there was no answer
    std::string seen;    // whom it saw, without the port
  };

  HttpConnection(const sys::Netns& inside, const sys::Address& address)
      : socket_(connected(inside, address)) {}

  Answer ask() {
    if (!send_all(socket_, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")) return {};
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const auto byte = receive(socket_, 1);
      if (byte.empty()) return {};
      head += byte;
    }
    const auto seen = value(head, "X-Seen: ");
    return {receive(socket_, std::stoul(value(head, "Content-Length: "))), seen.substr(0, seen.rfind(':'))};
  }

 private:
  static std::string value(const std::string& head, const std::string& name) {
    const auto at = head.find(name) + name.size();
    return head.substr(at, head.find('\r', at) - at);
  }

  sys::Fd socket_;
};

/// Connections to the addresses of a service, the first, the second and so on; idle but when they are asked.
class IdleConnections {
 public:
  IdleConnections(const sys::Netns& inside, const sys::Prefix& service, int count) {
    for (int n = 1; n <= count; ++n)
      connections_.emplace_back(inside, service.address + static_cast<unsigned>(n));
  }

  /// The web pod that answers each; empty: that connection is broken.
  std::vector<std::string> ask() {
    std::vector<std::string> servers;
    for (auto& connection : connections_) servers.push_back(connection.ask().server);
    return servers;
  }

 private:
  std::vector<HttpConnection> connections_;
};

/// Answers connections to port 80, one after another, each with the bytes that it sent.
class EchoServer {
 public:
  /// bytes: how many each connection sends.
  EchoServer(const sys::Netns& inside, std::size_t bytes) : listener_(tcp_socket(inside)) {
    const int on = 1;
    const auto at = ipv4_endpoint(sys::Address::v4(0), 80);
    sys::check("share a port with connections that have ended",
               ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    sys::check("bind", ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
    sys::check("listen", ::listen(listener_.get(), 64));
    worker_ =
        std::jthread{[fd = listener_.get(), bytes](const std::stop_token& stop) { serve(fd, bytes, stop); }};
  }
  EchoServer(EchoServer&&) = default;
  ~EchoServer() {
    worker_.request_stop();
    if (listener_) ::shutdown(listener_.get(), SHUT_RD);  // wakes accept()
  }

 private:
  /// Health checks connect and say nothing.
  static void serve(int listener, std::size_t bytes, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const sys::Fd connection{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
      if (!connection) continue;
      const auto got = receive(connection, bytes);
      if (got.size() == bytes) send_all(connection, got);
    }
  }

  sys::Fd listener_;
  std::jthread worker_;  // ends before the listener is closed
};

/// What comes back of what is sent; over a connection of its own.
inline std::string echoed(const sys::Netns& inside, const sys::Address& address, const std::string& sent) {
  const auto socket = connected(inside, address);
  if (!send_all(socket, sent)) return "";
  return receive(socket, sent.size());
}

}  // namespace lblab
