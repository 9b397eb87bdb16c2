#include "lbcore/daemon/control.hpp"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "lbcore/daemon/metrics.hpp"

namespace lbcore::daemon {

namespace {

namespace asio = boost::asio;
using lblab::http::Request;
using lblab::http::Response;
using Json = nlohmann::ordered_json;

asio::awaitable<Response> drain(Daemon& daemon, Request request, bool drained) {
  const std::string service = request.query("service");
  if (!daemon.drain(service, drained))
    co_return Response{404, Json{{"error", "no service '" + service + "'"}}.dump()};
  co_return Response{200, Json{{"state", drained ? "drained" : "serving"}}.dump()};
}

asio::awaitable<Response> reload(Daemon& daemon) {
  std::vector<std::string> mistakes;
  switch (daemon.reload(mistakes)) {
    case Daemon::Reloaded::unchanged:
      co_return Response{200, Json{{"state", "unchanged"}}.dump()};
    case Daemon::Reloaded::applied:
      co_return Response{200, Json{{"state", "applied"}}.dump()};
    case Daemon::Reloaded::refused:
      break;
  }
  co_return Response{400, Json{{"error", "the configuration is refused"}, {"mistakes", mistakes}}.dump()};
}

asio::awaitable<Response> handover(Daemon& daemon) {
  // Posted: the answer is on its way before lbd ends.
  asio::post(co_await asio::this_coro::executor, [&daemon] { daemon.handover(); });
  co_return Response{200, Json{{"pid", ::getpid()}}.dump()};
}

asio::awaitable<Response> state(Daemon& daemon) {
  auto state = daemon.state();
  state["pid"] = ::getpid();
  co_return Response{200, state.dump(2) + "\n"};
}

asio::awaitable<Response> metrics(Daemon& daemon) {
  co_return Response{200, daemon.metrics(), metrics_content_type};
}

}  // namespace

void serve_metrics(lblab::http::Server& server, Daemon& daemon) {
  server.on("GET", "/metrics", [&](Request) { return metrics(daemon); });
}

void serve_control(lblab::http::Server& server, Daemon& daemon) {
  server.on("GET", "/state", [&](Request) { return state(daemon); });
  serve_metrics(server, daemon);
  server.on("POST", "/drain", [&](Request r) { return drain(daemon, std::move(r), true); });
  server.on("POST", "/undrain", [&](Request r) { return drain(daemon, std::move(r), false); });
  server.on("POST", "/reload", [&](Request) { return reload(daemon); });
  server.on("POST", "/handover", [&](Request) { return handover(daemon); });
}

}  // namespace lbcore::daemon
