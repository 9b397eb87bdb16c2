#include "lab/probe/connect.hpp"

#include <poll.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"

namespace lblab::probe {

namespace {

bool wait_for(const sys::Fd& socket, short events, nanoseconds deadline) {
  pollfd wanted{socket.get(), events, 0};
  const auto left = std::max(deadline - now(), nanoseconds{0});
  const timespec timeout{.tv_sec = left / std::chrono::seconds{1},
                         .tv_nsec = (left % std::chrono::seconds{1}).count()};
  return sys::check("wait for the connection", ::ppoll(&wanted, 1, &timeout, nullptr)) > 0;
}

/// Throws SystemError, also for ETIMEDOUT.
void finish_connecting(const sys::Fd& socket, nanoseconds deadline) {
  if (!wait_for(socket, POLLOUT, deadline)) throw sys::SystemError{"connect", ETIMEDOUT};
  int error = 0;
  socklen_t length = sizeof error;
  sys::check("ask how connecting went", ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length));
  if (error != 0) throw sys::SystemError{"connect", error};
}

std::string read_line(const sys::Fd& socket, nanoseconds deadline) {
  constexpr std::size_t most_bytes = 4096;
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < most_bytes) {
    if (!wait_for(socket, POLLIN, deadline)) throw sys::SystemError{"read", ETIMEDOUT};
    std::array<char, 512> buffer;
    const auto [bytes, at] = receive(socket, buffer);
    if (bytes < 0 && errno == EAGAIN) continue;
    sys::check("read", static_cast<int>(bytes));
    if (bytes == 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  return line.substr(0, line.find('\n'));
}

}  // namespace

nlohmann::json connect_once(const Endpoint& to, nanoseconds timeout) {
  nlohmann::json event{{"event", "connection"}, {"to", to.str()}};
  const auto deadline = now() + timeout;
  try {
    const auto socket = open_socket(to.address.family(), SOCK_STREAM);
    if (const int error = connect(socket, to)) throw sys::SystemError{"connect", error};
    finish_connecting(socket, deadline);
    const auto answer = nlohmann::json::parse(read_line(socket, deadline));
    event.update({{"own", local_end(socket).str()},
                  {"seen", answer.at("seen").get<std::string>()},
                  {"server", answer.at("server").get<std::string>()}});
  } catch (const sys::SystemError& error) {
    event["error"] = error.code().value() == ETIMEDOUT ? "timed out" : ::strerror(error.code().value());
  } catch (const nlohmann::json::exception&) {
    event["error"] = "what answers is no echo";
  }
  return event;
}

}  // namespace lblab::probe
