#include "lab/run/supervisor.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/http/http.hpp"
#include "lab/model/parse.hpp"
#include "lab/run/exec.hpp"
#include "lab/run/log_stream.hpp"
#include "lab/run/running_lab.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::run {

using nlohmann::json;

namespace {

http::Response answer(int status, json body) { return {.status = status, .body = body.dump() + "\n"}; }

class Supervisor {
 public:
  Supervisor(const std::string& lab, const std::string& state, const std::string& programs,
             const ServeMore& serve_more)
      : name_(lab),
        lab_(std::make_unique<RunningLab>(io_.get_executor(), lab, state, programs)),
        server_(io_.get_executor()) {
    serve();
    serve_more(server_, *lab_);
    server_.listen(state + "/control.sock");
  }

  int run() {
    asio::signal_set ends{io_, SIGTERM, SIGINT, SIGHUP};
    ends.async_wait([this](auto error, int) {
      if (!error) io_.stop();
    });
    asio::co_spawn(io_, reap(), asio::detached);
    io_.run();
    lab_.reset();
    return code_;
  }

 private:
  using Action = void (Supervisor::*)(const http::Request&);

  void serve() {
    server_.on_socket("/up", [this](http::Request, http::Socket socket) { return up(std::move(socket)); });
    server_.on_socket("/exec", [this](http::Request request, http::Socket socket) {
      return exec(request, std::move(socket));
    });
    server_.on_socket("/events", [this](http::Request request, http::Socket socket) {
      return stream_events(std::move(socket), lab_->history(), request.query("follow") == "1");
    });
    server_.on_socket("/logs", [this](http::Request request, http::Socket socket) {
      return stream_logs(std::move(socket), *lab_, request.query("host"), request.query("process"),
                         request.query("follow") == "1");
    });
    server_.on("GET", "/inspect", [this](http::Request) { return inspect(); });
    server_.on("POST", "/scale", [this](http::Request request) { return scale(std::move(request)); });
    act("/kill", &Supervisor::kill);
    act("/start", &Supervisor::start);
    act("/carrier", &Supervisor::carrier);
    server_.on("POST", "/down", [this](http::Request) { return down(); });
  }

  void act(const std::string& path, Action action) {
    server_.on("POST", path,
               [this, action](http::Request request) { return answer_to(std::move(request), action); });
  }

  asio::awaitable<http::Response> answer_to(http::Request request, Action action) {
    try {
      (this->*action)(request);
    } catch (const Refused& e) {
      co_return answer(400, {{"error", e.what()}});
    }
    co_return answer(200, {{"done", true}});
  }

  void kill(const http::Request& r) {
    const auto again = r.query("restart") == "never" ? model::Restart::never : model::Restart::after_backoff;
    lab_->kill(r.query("host"), r.query("process"), std::stoi(r.query("signal")), again);
  }
  void start(const http::Request& r) { lab_->start(r.query("host"), r.query("process")); }
  void carrier(const http::Request& r) {
    lab_->set_carrier(r.query("host"), r.query("link"), r.query("up") == "1");
  }

  asio::awaitable<http::Response> inspect() {
    const json inspected = co_await lab_->inspect();
    co_return answer(200, inspected);
  }

  asio::awaitable<http::Response> scale(http::Request r) {
    try {
      co_await lab_->scale(r.query("service"), r.query("load-balancers") == "1",
                           std::stoi(r.query("replicas")));
    } catch (const Refused& e) {
      co_return answer(400, {{"error", e.what()}});
    } catch (const cluster::Unplaceable& e) {
      co_return answer(400, {{"error", e.what()}});
    }
    co_return answer(200, {{"done", true}});
  }

  /// The answer leaves first; the lab goes when it has. Whoever asked then waits for our lock.
  asio::awaitable<http::Response> down() {
    asio::post(io_, [this] { asio::post(io_, [this] { io_.stop(); }); });
    co_return answer(200, {{"down", true}});
  }

  asio::awaitable<void> exec(http::Request request, http::Socket socket) {
    std::vector<int> namespaces;
    std::string failure;
    try {
      namespaces = lab_->namespaces(request.query("host"));
    } catch (const std::exception& e) {
      failure = e.what();
    }
    if (!failure.empty()) {
      co_await socket.send(channel::failure + failure);
      co_await socket.close();
      co_return;
    }
    co_await serve_exec(socket, namespaces, lab_->environment());
  }

  asio::awaitable<void> up(http::Socket socket) {
    const auto first = co_await socket.receive();
    const json request = json::parse(first.value_or("{}"));
    const bool ends_with_it = request.value("ends-with-me", false);
    const auto left = std::make_shared<asio::steady_timer>(io_, asio::steady_timer::time_point::max());
    asio::co_spawn(io_, stop_if_it_leaves(socket, ends_with_it, left), asio::detached);
    json last;
    try {
      auto parsed = model::parse(request.at("topology").get<std::string>());
      if (!parsed.cluster) throw Refused{"the topology has mistakes; `lblab plan` lists them"};
      const auto progress = [this, &socket](const std::string& text) {
        asio::co_spawn(io_, tell(socket, {{"progress", text}}), asio::detached);
      };
      co_await lab_->up(std::move(*parsed.cluster), progress);
      last = {{"ready", true}};
      ready_ = true;
    } catch (const std::exception& e) {
      last = {{"error", e.what()}, {"code", 5}};
    }
    co_await socket.send(last.dump());
    boost::system::error_code woken;
    if (ready_ && ends_with_it) co_await left->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    co_await socket.close();
    if (!ready_) {
      code_ = 5;
      io_.stop();
    }
  }

  asio::awaitable<void> tell(http::Socket socket, json message) { co_await socket.send(message.dump()); }

  asio::awaitable<void> stop_if_it_leaves(http::Socket socket, bool ends_with_it,
                                          std::shared_ptr<asio::steady_timer> left) {
    for (;;) {
      // g++ 12 miscompiles a co_await in a loop's condition.
      const auto message = co_await socket.receive();
      if (!message) break;
      if (*message == "keep") ends_with_it = false;
    }
    left->cancel();
    if (!ready_ || ends_with_it) io_.stop();
  }

  /// What the lab's processes leave behind becomes our child; it is reaped here. Our own children are waited
  /// for by their pidfds.
  asio::awaitable<void> reap() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    asio::signal_set children{io_, SIGCHLD};
    for (;;) {
      co_await children.async_wait(asio::use_awaitable);
      sys::reap_strangers();
    }
  }

  asio::io_context io_{1};
  std::string name_;
  std::unique_ptr<RunningLab> lab_;
  http::Server server_;
  bool ready_ = false;
  int code_ = 0;
};

}  // namespace

int supervise(const std::string& lab, const std::string& state, const std::string& programs,
              sys::Fd listening, const ServeMore& serve_more) {
  ::signal(SIGPIPE, SIG_IGN);
  std::filesystem::create_directories(state);
  int code;
  {
    Supervisor supervisor{lab, state, programs, serve_more};
    if (listening)
      sys::check("tell that the supervisor listens", static_cast<int>(::write(listening.get(), "", 1)));
    listening = sys::Fd{};
    code = supervisor.run();
  }
  std::error_code ignored;
  std::filesystem::remove_all(state, ignored);
  return code;
}

}  // namespace lblab::run
