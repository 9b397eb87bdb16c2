#include "lab/probe/requests.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "lab/probe/busy.hpp"
#include "lab/sys/error.hpp"

namespace lblab::probe {

namespace {

/// A connection on which one request follows the other's answer. Blocking: there is nothing else to do, and
/// nothing that an event loop would add to what is counted.
class Connection {
 public:
  Connection(const Endpoint& to, nanoseconds timeout)
      : socket_(sys::check("open a socket", ::socket(to.address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0))),
        request_("GET / HTTP/1.1\r\nHost: " + to.str() + "\r\n\r\n") {
    set_timeout(timeout);
    const SocketAddress address(to);
    sys::check("connect to " + to.str(), ::connect(socket_.get(), address.get(), address.length()));
    enable(socket_, IPPROTO_TCP, TCP_NODELAY, "send without delay");
  }

  void ask() {
    for (std::size_t sent = 0; sent < request_.size();)
      sent += static_cast<std::size_t>(
          sys::check("send a request", static_cast<int>(::send(socket_.get(), request_.data() + sent,
                                                               request_.size() - sent, MSG_NOSIGNAL))));
    while (!take_answer()) read_more();
  }

  /// Until the other side has closed, too.
  void close() {
    sys::check("end a connection", ::shutdown(socket_.get(), SHUT_WR));
    std::array<char, 512> rest;
    while (sys::check("read the end", static_cast<int>(::recv(socket_.get(), rest.data(), rest.size(), 0))) >
           0) {
    }
  }

 private:
  void set_timeout(nanoseconds timeout) {
    constexpr nanoseconds::rep microsecond = 1'000, second = 1'000'000'000;
    const timeval limit{.tv_sec = timeout.count() / second,
                        .tv_usec = timeout.count() % second / microsecond};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      sys::check("limit the time of a connection",
                 ::setsockopt(socket_.get(), SOL_SOCKET, option, &limit, sizeof limit));
  }

  void read_more() {
    std::array<char, 4096> buffer;
    const int bytes = sys::check("read an answer",
                                 static_cast<int>(::recv(socket_.get(), buffer.data(), buffer.size(), 0)));
    if (bytes == 0) throw std::runtime_error("the connection ended within an answer");
    received_.append(buffer.data(), static_cast<std::size_t>(bytes));
  }

  /// Takes an answer (RFC 9112) off what was received, if it is whole.
  bool take_answer() {
    const auto end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (!received_.starts_with("HTTP/1.1 200 "))
      throw std::runtime_error("answered " + received_.substr(0, received_.find('\r')));
    const auto whole = end + 4 + length_of_content(std::string_view(received_).substr(0, end + 2));
    if (received_.size() < whole) return false;
    received_.erase(0, whole);
    return true;
  }

  static std::size_t length_of_content(std::string_view head) {
    constexpr std::string_view field = "\r\nContent-Length: ";
    const auto at = head.find(field);
    std::size_t length = 0;
    if (at == std::string_view::npos ||
        std::from_chars(head.data() + at + field.size(), head.data() + head.size(), length).ec != std::errc{})
      throw std::runtime_error("an answer without Content-Length");
    return length;
  }

  sys::Fd socket_;
  std::string request_, received_;
};

nanoseconds busy_now() {
  const auto busy = busy_time(sys::read_file("/proc/timer_list"));
  if (!busy) throw std::runtime_error("/proc/timer_list does not tell how long the processors were idle");
  return *busy;
}

void request(const RequestsSettings& settings, int count) {
  Connection connection(settings.to, settings.timeout);
  for (int n = 0; n < count; ++n) connection.ask();
  connection.close();
}

}  // namespace

nlohmann::json request_in_turn(const RequestsSettings& settings) {
  auto runs = nlohmann::json::array();
  for (int time = 0; time < settings.times; ++time)
    for (const int count : settings.counts) {
      nlohmann::json run{{"requests", count}};
      const auto before = settings.counts_busy_time ? busy_now() : nanoseconds{0};
      request(settings, count);
      if (settings.counts_busy_time) run["busy-ns"] = (busy_now() - before).count();
      runs.push_back(std::move(run));
    }
  return {{"to", settings.to.str()}, {"runs", std::move(runs)}};
}

}  // namespace lblab::probe
