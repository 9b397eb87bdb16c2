#include "lbcore/health/probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "lab/http/http.hpp"

namespace lbcore::health {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Shared with the timer's handler, which may already be on its way when the connection is made.
struct Attempt {
  tcp::socket socket;
  bool late = false;
};

asio::awaitable<Result> tcp_probe(Endpoint to, milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  const auto attempt = std::make_shared<Attempt>(Attempt{tcp::socket(executor)});
  asio::steady_timer timer(executor, timeout);
  timer.async_wait([attempt](boost::system::error_code cancelled) {
    if (cancelled) return;
    attempt->late = true;
    attempt->socket.close();
  });
  boost::system::error_code error;
  co_await attempt->socket.async_connect({asio::ip::make_address(to.address.str()), to.port},
                                         asio::redirect_error(asio::use_awaitable, error));
  if (attempt->late) co_return Result{false, "no connection in time"};
  co_return error ? Result{false, error.message()} : Result{true, ""};
}

asio::awaitable<Result> http_probe(Endpoint to, std::string path, milliseconds timeout) {
  try {
    const auto response = co_await lblab::http::fetch({"", to.address, to.port}, {"GET", path, ""}, timeout);
    if (response.status >= 200 && response.status < 400) co_return Result{true, ""};
    co_return Result{false, "status " + std::to_string(response.status)};
  } catch (const boost::system::system_error& e) {
    co_return Result{false, e.code().message()};
  }
}

}  // namespace

asio::awaitable<Result> probe(HealthCheck check, Endpoint to) {
  if (check.port) to.port = check.port;
  switch (check.kind) {
    case HealthCheck::Kind::tcp:
      co_return co_await tcp_probe(to, check.timeout);
    case HealthCheck::Kind::http:
      co_return co_await http_probe(to, check.path, check.timeout);
    case HealthCheck::Kind::none:
      break;
  }
  co_return Result{true, ""};
}

}  // namespace lbcore::health
