#include "lab/probe/socket.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lab/sys/error.hpp"

namespace lblab::probe {

std::string Endpoint::str() const {
  const auto text = address.str();
  return (address.family() == AF_INET6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

SocketAddress::SocketAddress(const Endpoint& end) {
  const auto bytes = end.address.bytes();
  if (end.address.family() == AF_INET6) {
    sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(end.port)};
    std::ranges::copy(bytes, v6.sin6_addr.s6_addr);
    std::memcpy(&storage_, &v6, length_ = sizeof v6);
  } else {
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(end.port)};
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage_, &v4, length_ = sizeof v4);
  }
}

Endpoint endpoint(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &storage, sizeof v6);
    return {sys::Address::from_bytes(v6.sin6_addr.s6_addr), ntohs(v6.sin6_port)};
  }
  sockaddr_in v4;
  std::memcpy(&v4, &storage, sizeof v4);
  return {sys::Address::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
}

void enable(const sys::Fd& fd, int level, int option, const char* attempt) {
  const int on = 1;
  sys::check(attempt, ::setsockopt(fd.get(), level, option, &on, sizeof on));
}

void enlarge_receive_buffer(const sys::Fd& fd) {
  const int bytes = 8 << 20;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
    sys::check("enlarge a receive buffer",
               ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes));
}

sys::Fd open_socket(int family, int type) {
  sys::Fd fd{sys::check("make a socket", ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
  enable(fd, SOL_SOCKET, SO_TIMESTAMPNS, "have packets stamped");
  return fd;
}

int connect(const sys::Fd& fd, const Endpoint& to) {
  const SocketAddress address(to);
  if (::connect(fd.get(), address.get(), address.length()) == 0 || errno == EINPROGRESS) return 0;
  return errno;
}

Endpoint local_end(const sys::Fd& fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  sys::check("ask for a socket's own address",
             ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length));
  return endpoint(storage);
}

nanoseconds arrival(msghdr& message, nanoseconds offset) {
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp;
      std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
      return of(stamp) + offset;
    }
  return now();
}

Received receive(const sys::Fd& fd, std::span<char> into) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec buffer{into.data(), into.size()};
  msghdr message{
      .msg_iov = &buffer, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  const auto bytes = ::recvmsg(fd.get(), &message, 0);
  if (bytes <= 0) return {bytes, {}};
  return {bytes, arrival(message, to_monotonic())};
}

}  // namespace lblab::probe
