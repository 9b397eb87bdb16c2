#include "lab/probe/echo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lab/sys/error.hpp"

namespace lblab::probe {

namespace {

constexpr std::size_t most_connections = 512;

/// Asks for the address that a datagram was sent to; answers are then sent from it.
void enable_packet_information(const sys::Fd& socket, int family) {
  if (family == AF_INET)
    enable(socket, IPPROTO_IP, IP_PKTINFO, "ask for packet information");
  else
    enable(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, "ask for packet information");
}

sys::Fd bound_socket(int family, int type, std::uint16_t port) {
  auto socket = open_socket(family, type);
  enable(socket, SOL_SOCKET, SO_REUSEADDR, "reuse a port");
  if (family == AF_INET6) enable(socket, IPPROTO_IPV6, IPV6_V6ONLY, "keep IPv4 apart");
  const SocketAddress any({family == AF_INET6 ? *sys::Address::parse("::") : sys::Address{}, port});
  sys::check(fmt::format("listen on {} port {}", type == SOCK_DGRAM ? "UDP" : "TCP", port),
             ::bind(socket.get(), any.get(), any.length()));
  return socket;
}

/// Where the datagram was sent to. Its packet information is made fit for the answer, and becomes all of its
/// control data: any way out, but from that address.
std::optional<sys::Address> turn_around(msghdr& message) {
  std::optional<sys::Address> address;
  std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> kept{};
  std::size_t kept_bytes = 0;
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      info.ipi_ifindex = 0;
      address = sys::Address::v4(ntohl(info.ipi_spec_dst.s_addr));
      std::memcpy(CMSG_DATA(c), &info, sizeof info);
      kept_bytes = CMSG_SPACE(sizeof info);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      address = sys::Address::from_bytes(info.ipi6_addr.s6_addr);
      std::memcpy(CMSG_DATA(c), &info, sizeof info);
      kept_bytes = CMSG_SPACE(sizeof info);
    } else {
      continue;
    }
    std::memcpy(kept.data(), c, c->cmsg_len);
  }
  std::memcpy(message.msg_control, kept.data(), kept_bytes);
  message.msg_controllen = kept_bytes;
  return address;
}

}  // namespace

std::string greeting(const sys::Address& server, const Endpoint& seen) {
  return fmt::format("{{\"server\":\"{}\",\"seen\":\"{}\"}}\n", server.str(), seen.str());
}

Echo::Echo(Loop& loop, const EchoSettings& settings) : settings_(settings), loop_(loop) {
  open(loop, AF_INET);
  try {
    open(loop, AF_INET6);
  } catch (const sys::SystemError& error) {
    if (error.code().value() != EAFNOSUPPORT && error.code().value() != EADDRNOTAVAIL) throw;
  }
}

void Echo::open(Loop& loop, int family) {
  if (settings_.udp) {
    auto socket = bound_socket(family, SOCK_DGRAM, settings_.port);
    enable_packet_information(socket, family);
    enlarge_receive_buffer(socket);
    loop.watch(socket, EPOLLIN, next_token_);
    sockets_[next_token_++] = std::move(socket);
  }
  if (settings_.tcp) {
    auto listener = bound_socket(family, SOCK_STREAM, settings_.port);
    sys::check("listen", ::listen(listener.get(), SOMAXCONN));
    loop.watch(listener, EPOLLIN, next_token_);
    listeners_[next_token_++] = std::move(listener);
  }
}

void Echo::take(const epoll_event& event) {
  if (const auto socket = sockets_.find(event.data.u64); socket != sockets_.end())
    answer(socket->second);
  else if (const auto listener = listeners_.find(event.data.u64); listener != listeners_.end())
    accept(listener->second);
  else
    greet(event.data.u64);
}

void Echo::answer(const sys::Fd& socket) {
  auto messages = batch_.receive(socket);
  const auto is_answerable = [&](mmsghdr& message) {
    auto datagram = decode(Batch::bytes(message));
    const auto asked = turn_around(message.msg_hdr);
    if (!datagram || datagram->kind != Datagram::Kind::question || !asked) return false;
    datagram->kind = Datagram::Kind::answer;
    datagram->server = settings_.own.value_or(*asked);
    datagram->seen = Batch::from(message);
    std::ranges::copy(encode(*datagram), Batch::bytes(message).begin());
    return true;
  };
  std::size_t answers = 0;
  for (auto& message : messages)
    if (is_answerable(message)) std::swap(messages[answers++], message);
  batch_.send(socket, messages.first(answers));
}

void Echo::accept(const sys::Fd& listener) {
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  sys::Fd socket{
      ::accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket) return;
  if (connections_.size() == most_connections) connections_.erase(connections_.begin());
  const auto line = greeting(settings_.own.value_or(local_end(socket).address), endpoint(from));
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) return;
  loop_.watch(socket, EPOLLIN, next_token_);
  connections_[next_token_++] = {std::move(socket), line};
}

void Echo::greet(std::uint64_t token) {
  const auto found = connections_.find(token);
  if (found == connections_.end()) return;
  const auto& [socket, line] = found->second;
  std::array<char, 4096> buffer;
  const auto bytes = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  bool alive = bytes > 0 || (bytes < 0 && errno == EAGAIN);
  auto lines = bytes > 0 ? std::count(buffer.begin(), buffer.begin() + bytes, '\n') : 0;
  for (; alive && lines > 0; --lines)
    alive = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  if (!alive) connections_.erase(found);
}

}  // namespace lblab::probe
