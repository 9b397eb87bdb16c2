#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "lab/probe/clock.hpp"
#include "lab/sys/address.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::probe {

struct Endpoint {
  sys::Address address;
  std::uint16_t port = 0;
  std::string str() const;  // "10.0.0.1:80", "[2001:db8::1]:80"
  bool operator==(const Endpoint&) const = default;
};

/// An endpoint as socket calls take it.
class SocketAddress {
 public:
  explicit SocketAddress(const Endpoint&);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

 private:
  sockaddr_storage storage_{};
  socklen_t length_;
};

/// AF_INET and AF_INET6 only.
Endpoint endpoint(const sockaddr_storage&);

/// type: SOCK_DGRAM or SOCK_STREAM. Non-blocking, not inherited; what comes in is stamped by the kernel.
sys::Fd open_socket(int family, int type);
/// 0, or the errno; a connection that is only under way is none.
int connect(const sys::Fd&, const Endpoint&);
Endpoint local_end(const sys::Fd&);
/// Room for what a process that waits for its CPU cannot read as yet: what overflows looks like loss. As much
/// as this user may have.
void enlarge_receive_buffer(const sys::Fd&);
void enable(const sys::Fd&, int level, int option, const char* attempt);

/// When the kernel got what a message holds (SO_TIMESTAMPNS), as CLOCK_MONOTONIC; now, where it does not say.
/// offset: to_monotonic().
nanoseconds arrival(msghdr&, nanoseconds offset);

struct Received {
  ssize_t bytes = 0;  // as recv(2): 0 is the end, negative an error (errno)
  nanoseconds at{};   // of the last of them
};
/// From a stream.
Received receive(const sys::Fd&, std::span<char> into);

}  // namespace lblab::probe
