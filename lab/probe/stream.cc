#include "lab/probe/stream.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lab/sys/error.hpp"

namespace lblab::probe {

Stream::Stream(Loop& loop, const Endpoint& to, std::uint64_t token)
    : socket_(open_socket(to.address.family(), SOCK_STREAM)) {
  // What is due goes out, although what went before was not acknowledged.
  enable(socket_, IPPROTO_TCP, TCP_NODELAY, "send without delay");
  failure_ = connect(socket_, to);
  if (failure_ != 0) return;
  port_ = local_end(socket_).port;
  loop.watch(socket_, EPOLLIN | EPOLLOUT | EPOLLET, token);
}

void Stream::send(std::string_view text) {
  unsent_ += text;
  if (failure_ == 0 && is_connected()) flush();
}

void Stream::go_on() {
  if (failure_ == 0 && !is_connected()) check_connected();
  if (failure_ != 0 || !is_connected()) return;
  flush();
  read();
}

void Stream::check_connected() {
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &length) == 0) {
    connected_at_ = now();
    return;
  }
  length = sizeof failure_;
  sys::check("ask how connecting goes",
             ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure_, &length));
}

void Stream::flush() {
  if (unsent_.empty()) return;
  const auto sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0)
    unsent_.erase(0, static_cast<std::size_t>(sent));
  else if (errno != EAGAIN && errno != EPIPE)  // EPIPE: what there still is to read tells more
    failure_ = errno;
}

void Stream::read() {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto [bytes, at] = receive(socket_, buffer);
    if (bytes <= 0) {
      const int error = bytes == 0 ? EPIPE : errno;
      if (failure_ == 0 && error != EAGAIN) failure_ = error;
      return;
    }
    read_at_ = at;
    unread_.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
}

bool Stream::take(Answer& answer) {
  if (unread_.size() < needed_) return false;
  auto parsed = parse_answer(unread_);
  needed_ = parsed.state == ParsedAnswer::State::incomplete ? std::max(parsed.bytes, unread_.size() + 1) : 1;
  if (parsed.state == ParsedAnswer::State::malformed) {
    unread_.clear();
    failure_ = EPIPE;
  }
  if (parsed.state != ParsedAnswer::State::whole) return false;
  unread_.erase(0, parsed.bytes);
  answer = std::move(parsed.answer);
  return true;
}

std::string request_text(const Endpoint& to, bool keep) {
  return fmt::format("GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: lblab-probe\r\nConnection: {}\r\n\r\n",
                     to.str(), keep ? "keep-alive" : "close");
}

}  // namespace lblab::probe
