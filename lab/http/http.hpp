#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/address.hpp"

/// HTTP/1.1 and WebSocket (RFC 9112, RFC 6455) over unix sockets and TCP, as coroutines on one thread.
/// Everything that streams in this project is a WebSocket; everything else is one request, one response.
namespace lblab::http {

namespace asio = boost::asio;

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query, percent-encoded
  std::string body;

  std::string path() const;
  /// The decoded value of a query parameter; empty if it is missing.
  std::string query(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// Percent-encodes a query value.
std::string encode(std::string_view value);

/// One WebSocket. Messages are binary. Not to be used by two coroutines in the same direction at once; one
/// may receive while another sends (sends queue by themselves). Copies share the connection.
class Socket {
 public:
  struct Impl;
  explicit Socket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  /// The next message, or nullopt once the other side has closed or vanished.
  asio::awaitable<std::optional<std::string>> receive();
  /// A send to a side that has vanished does nothing: receive() tells.
  asio::awaitable<void> send(std::string message);
  asio::awaitable<void> close();

 private:
  std::shared_ptr<Impl> impl_;
};

class Server {
 public:
  using Handler = std::function<asio::awaitable<Response>(Request)>;
  using SocketHandler = std::function<asio::awaitable<void>(Request, Socket)>;

  explicit Server(asio::any_io_executor executor);
  ~Server();  // closes the listener and every connection

  /// path: exact. A handler's exception becomes a 500 with what() as {"error": …}.
  void on(std::string method, std::string path, Handler handler);
  void on_socket(std::string path, SocketHandler handler);
  /// Binds a unix socket (mode 0600, a stale file is replaced) and serves from now on.
  void listen(const std::string& unix_path);
  void listen(const sys::Address& address, std::uint16_t port);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Where to connect: a unix socket's path, or a TCP address and port.
struct Endpoint {
  std::string unix_path;
  sys::Address address{};
  std::uint16_t port = 0;
};

/// One request, one response. Throws boost::system::system_error, also when the deadline passes.
asio::awaitable<Response> fetch(Endpoint, Request, std::chrono::milliseconds deadline);
/// Opens a WebSocket at `target`. Throws std::runtime_error with the response's error text when it is
/// refused.
asio::awaitable<Socket> connect(Endpoint, std::string target, std::chrono::milliseconds deadline);

}  // namespace lblab::http
