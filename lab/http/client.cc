#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "lab/http/connection.hpp"

namespace lblab::http {

namespace {

/// Its place in the queue of a socket's senders; kept until destroyed, whatever ends the coroutine.
class Place {
 public:
  explicit Place(Connection& connection)
      : connection_(connection), at_(connection.senders.emplace(connection.senders.end())) {}
  ~Place() {
    connection_.senders.erase(at_);
    connection_.turn.cancel();
  }
  Place(const Place&) = delete;
  bool is_first() const { return at_ == connection_.senders.begin(); }

 private:
  Connection& connection_;
  std::list<std::monostate>::iterator at_;
};

asio::awaitable<void> wait_for_turn(Connection& connection, const Place& place) {
  while (!place.is_first()) {
    error_code woken;
    co_await connection.turn.async_wait(with_error(woken));
  }
}

asio::generic::stream_protocol::endpoint resolve(const Endpoint& to) {
  if (!to.unix_path.empty()) return asio::local::stream_protocol::endpoint(to.unix_path);
  return asio::ip::tcp::endpoint(asio::ip::make_address(to.address.str()), to.port);
}

std::string describe(const Endpoint& to) {
  if (!to.unix_path.empty()) return to.unix_path;
  return "[" + to.address.str() + "]:" + std::to_string(to.port);
}

/// Closes the connection when its time is over, unless destroyed before.
class Deadline {
 public:
  Deadline(std::shared_ptr<Connection> connection, std::chrono::milliseconds after)
      : timer_(connection->ws.get_executor(), after), passed_(std::make_shared<bool>(false)) {
    timer_.async_wait([connection, passed = passed_](error_code error) {
      if (error) return;
      *passed = true;
      connection->close();
    });
  }

  /// Throws for a failed step, naming the deadline if that was the cause.
  void check(error_code error, const std::string& attempt) const {
    if (*passed_) error = asio::error::timed_out;
    if (error) throw boost::system::system_error(error, attempt);
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> passed_;
};

asio::awaitable<void> open(std::shared_ptr<Connection> connection, const Endpoint& to,
                           const Deadline& deadline) {
  const std::string attempt = "connect to " + describe(to);
  const auto endpoint = resolve(to);
  error_code error;
  connection->stream().open(endpoint.protocol(), error);
  deadline.check(error, attempt);
  close_on_exec(connection->stream());
  co_await connection->stream().async_connect(endpoint, with_error(error));
  deadline.check(error, attempt);
}

std::string host_of(const Endpoint& to) { return to.unix_path.empty() ? describe(to) : "localhost"; }

/// The "error" of a JSON body, or what there is instead.
std::string error_text(const wire::response<wire::string_body>& response) {
  const auto body = nlohmann::json::parse(response.body(), nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].is_string())
    return body["error"].get<std::string>();
  return "HTTP status " + std::to_string(response.result_int());
}

}  // namespace

asio::awaitable<std::optional<std::string>> Socket::receive() {
  const auto impl = impl_;
  beast::flat_buffer message;
  error_code error;
  co_await impl->ws.async_read(message, with_error(error));
  if (error) {
    impl->close();
    co_return std::nullopt;
  }
  co_return beast::buffers_to_string(message.data());
}

asio::awaitable<void> Socket::send(std::string message) {
  const auto impl = impl_;
  const Place place(*impl);
  co_await wait_for_turn(*impl, place);
  error_code ignored;
  co_await impl->ws.async_write(asio::buffer(message), with_error(ignored));
}

asio::awaitable<void> Socket::close() {
  const auto impl = impl_;
  const Place place(*impl);
  co_await wait_for_turn(*impl, place);
  error_code ignored;
  if (impl->ws.is_open()) co_await impl->ws.async_close(websocket::close_code::normal, with_error(ignored));
  impl->close();
}

asio::awaitable<Response> fetch(Endpoint to, Request request, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto connection = std::make_shared<Connection>(Stream(executor));
  const Deadline deadline(connection, limit);
  co_await open(connection, to, deadline);

  const std::string attempt = request.method + " " + request.target + " from " + describe(to);
  wire::request<wire::string_body> out;
  out.method_string(request.method);
  out.target(request.target);
  out.version(11);
  out.set(wire::field::host, host_of(to));
  out.keep_alive(false);
  out.body() = std::move(request.body);
  out.prepare_payload();
  error_code error;
  co_await wire::async_write(connection->stream(), out, with_error(error));
  deadline.check(error, attempt);

  wire::response_parser<wire::string_body> in;
  in.body_limit(max_response_bytes);
  co_await wire::async_read(connection->stream(), connection->buffer, in, with_error(error));
  deadline.check(error, attempt);
  connection->close();
  auto& message = in.get();
  Response response;
  response.status = static_cast<int>(message.result_int());
  response.content_type = std::string(message[wire::field::content_type]);
  response.body = std::move(message.body());
  co_return response;
}

asio::awaitable<Socket> connect(Endpoint to, std::string target, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto connection = std::make_shared<Connection>(Stream(executor));
  const Deadline deadline(connection, limit);
  co_await open(connection, to, deadline);

  websocket::response_type response;
  error_code error;
  connection->limit_handshakes(limit);  // whoever relays the connection may keep it waiting for the server
  co_await connection->ws.async_handshake(response, host_of(to), target, with_error(error));
  if (error == websocket::error::upgrade_declined) throw std::runtime_error(error_text(response));
  deadline.check(error, "open " + target + " at " + describe(to));
  connection->limit_handshakes(handshake_limit);
  co_return Socket(connection);
}

}  // namespace lblab::http
