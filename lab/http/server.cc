#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "lab/http/connection.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::http {

namespace {

Response failure(int status, std::string_view text) {
  using nlohmann::json;
  return {status, json{{"error", text}}.dump(-1, ' ', false, json::error_handler_t::replace)};
}

/// How long accept() rests when the machine has no descriptor or memory left: no event tells when there is
/// one again.
constexpr std::chrono::milliseconds accept_rest{100};

bool is_shortage(error_code error) {
  const int number = error.value();
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

/// A server answers there, or would if it were less busy.
bool answers(const sockaddr_un& address) {
  const sys::Fd probe{
      sys::check("make a unix socket", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EAGAIN;
}

sys::Fd bound_unix(const std::string& path) {
  const std::string attempt = "listen on " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw sys::SystemError{attempt, ENAMETOOLONG};
  path.copy(address.sun_path, path.size());
  if (answers(address)) throw sys::SystemError{attempt, EADDRINUSE};
  ::unlink(path.c_str());
  sys::Fd fd{sys::check(attempt, ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  // bind() gives the file the mode of the socket's own inode: nobody can connect before it is 0600.
  sys::check(attempt, ::fchmod(fd.get(), 0600));
  sys::check(attempt, ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  sys::check(attempt, ::listen(fd.get(), SOMAXCONN));
  return fd;
}

sys::Fd bound_tcp(const sys::Address& address, std::uint16_t port) {
  const std::string attempt = "listen on [" + address.str() + "]:" + std::to_string(port);
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.str()), port);
  sys::Fd fd{sys::check(attempt, ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0))};
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit it: a client that falls silent is noticed in the end.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  sys::check(attempt, ::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())));
  sys::check(attempt, ::listen(fd.get(), SOMAXCONN));
  return fd;
}

}  // namespace

/// Shared with the coroutines of its connections, which may outlive the Server by one turn of the loop.
struct Server::Impl : std::enable_shared_from_this<Impl> {
  using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
  using Parser = wire::request_parser<wire::string_body>;

  explicit Impl(asio::any_io_executor e) : executor(std::move(e)) {}

  asio::any_io_executor executor;
  std::map<std::string, std::map<std::string, Handler>> handlers;  // path, method
  std::map<std::string, SocketHandler> socket_handlers;
  std::list<Acceptor> acceptors;
  std::map<Connection*, std::weak_ptr<Connection>> connections;
  bool closed = false;

  void serve(int family, sys::Fd listening);
  void close();

  // Coroutines are static and hold what they use: an Impl's or a Connection's life is theirs.
  static asio::awaitable<void> accept(std::shared_ptr<Impl>, std::list<Acceptor>::iterator);
  static asio::awaitable<void> converse(std::shared_ptr<Impl>, std::shared_ptr<Connection>);
  static asio::awaitable<void> upgrade(std::shared_ptr<Impl>, std::shared_ptr<Connection>,
                                       wire::request<wire::string_body>);
  static asio::awaitable<Response> answer(std::shared_ptr<Impl>, Request);
  static asio::awaitable<bool> respond(std::shared_ptr<Connection>, Response, unsigned version,
                                       bool keep_alive);
};

void Server::Impl::serve(int family, sys::Fd listening) {
  acceptors.emplace_back(executor);
  const auto at = std::prev(acceptors.end());
  at->assign(asio::generic::stream_protocol(family, 0), listening.get());
  listening.release();
  asio::co_spawn(executor, accept(shared_from_this(), at), asio::detached);
}

void Server::Impl::close() {
  closed = true;
  error_code ignored;
  for (auto& acceptor : acceptors) acceptor.close(ignored);
  for (const auto& [_, weak] : connections)
    if (const auto connection = weak.lock()) connection->close();
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> self,
                                           std::list<Acceptor>::iterator acceptor) {
  while (!self->closed) {
    Stream stream(self->executor);
    error_code error;
    co_await acceptor->async_accept(stream, with_error(error));
    if (self->closed) co_return;
    if (error && is_shortage(error)) {
      asio::steady_timer rest(self->executor, accept_rest);
      co_await rest.async_wait(with_error(error));
    } else if (!error) {
      close_on_exec(stream);
      const auto connection = std::make_shared<Connection>(std::move(stream));
      self->connections.emplace(connection.get(), connection);
      asio::co_spawn(self->executor, converse(self, connection), asio::detached);
    }
  }
}

asio::awaitable<void> Server::Impl::converse(std::shared_ptr<Impl> self,
                                             std::shared_ptr<Connection> connection) {
  bool more = true;
  while (more && !self->closed) {
    Parser parser;
    parser.body_limit(max_request_bytes);
    error_code error;
    co_await wire::async_read(connection->stream(), connection->buffer, parser, with_error(error));
    if (self->closed || error == wire::error::end_of_stream) break;
    if (error) {
      co_await respond(connection, failure(error == wire::error::body_limit ? 413 : 400, error.message()), 11,
                       false);
      break;
    }
    auto message = parser.release();
    if (websocket::is_upgrade(message)) {
      co_await upgrade(self, connection, std::move(message));
      break;
    }
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.body = std::move(message.body());
    const unsigned version = message.version();
    const bool keep = message.keep_alive();
    Response response = co_await answer(self, std::move(request));
    if (self->closed) break;
    more = co_await respond(connection, std::move(response), version, keep);
  }
  connection->close();
  self->connections.erase(connection.get());
}

asio::awaitable<Response> Server::Impl::answer(std::shared_ptr<Impl> self, Request request) {
  const std::string path = request.path();
  const auto at = self->handlers.find(path);
  if (at == self->handlers.end()) {
    if (self->socket_handlers.contains(path)) co_return failure(426, path + " is a WebSocket");
    co_return failure(404, "nothing at " + path);
  }
  const auto handler = at->second.find(request.method);
  if (handler == at->second.end()) co_return failure(405, path + " does not take " + request.method);
  std::string wrong;
  try {
    Response response = co_await handler->second(std::move(request));
    co_return response;
  } catch (const std::exception& e) {
    wrong = e.what();
  }
  co_return failure(500, wrong);
}

/// Whether the connection goes on.
asio::awaitable<bool> Server::Impl::respond(std::shared_ptr<Connection> connection, Response response,
                                            unsigned version, bool keep_alive) {
  wire::response<wire::string_body> out;
  out.result(static_cast<unsigned>(response.status));
  out.version(version);
  out.set(wire::field::content_type, response.content_type);
  out.keep_alive(keep_alive);
  out.body() = std::move(response.body);
  out.prepare_payload();
  error_code error;
  co_await wire::async_write(connection->stream(), out, with_error(error));
  co_return keep_alive && !error;
}

asio::awaitable<void> Server::Impl::upgrade(std::shared_ptr<Impl> self,
                                            std::shared_ptr<Connection> connection,
                                            wire::request<wire::string_body> message) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  const auto handler = self->socket_handlers.find(request.path());
  if (handler == self->socket_handlers.end()) {
    co_await respond(connection, failure(404, "no WebSocket at " + request.path()), message.version(), false);
    co_return;
  }
  error_code error;
  co_await connection->ws.async_accept(message, with_error(error));
  if (error || self->closed) co_return;
  Socket socket(connection);
  websocket::close_reason reason(websocket::close_code::normal);
  try {
    co_await handler->second(std::move(request), socket);
  } catch (const std::exception& e) {
    reason = {websocket::close_code::internal_error, std::string_view(e.what()).substr(0, 120)};
  }
  if (connection->ws.is_open()) co_await connection->ws.async_close(reason, with_error(error));
}

Server::Server(asio::any_io_executor executor) : impl_(std::make_shared<Impl>(std::move(executor))) {}
Server::~Server() { impl_->close(); }

void Server::on(std::string method, std::string path, Handler handler) {
  impl_->handlers[std::move(path)][std::move(method)] = std::move(handler);
}

void Server::on_socket(std::string path, SocketHandler handler) {
  impl_->socket_handlers[std::move(path)] = std::move(handler);
}

void Server::listen(const std::string& unix_path) { impl_->serve(AF_UNIX, bound_unix(unix_path)); }

void Server::listen(const sys::Address& address, std::uint16_t port) {
  impl_->serve(address.family(), bound_tcp(address, port));
}

}  // namespace lblab::http
