#include "lab/run/log_stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lab/run/running_lab.hpp"

namespace lblab::run {

namespace {

struct Follower {
  explicit Follower(asio::any_io_executor executor)
      : woken(executor, asio::steady_timer::time_point::max()) {}
  std::deque<std::string> messages;
  asio::steady_timer woken;
  bool gone = false;
};

asio::awaitable<void> notice_leaving(http::Socket socket, std::shared_ptr<Follower> follower) {
  for (;;) {
    // g++ 12 miscompiles a co_await in a loop's condition.
    const auto message = co_await socket.receive();
    if (!message) break;
  }
  follower->gone = true;
  follower->woken.cancel();
}

std::string message(const std::string& host, const std::string& process, std::string_view line) {
  return nlohmann::json{{"name", host + "/" + process}, {"line", line}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

asio::awaitable<void> stream_events(http::Socket socket, History& history, bool follow) {
  auto follower = std::make_shared<Follower>(co_await asio::this_coro::executor);
  asio::co_spawn(co_await asio::this_coro::executor, notice_leaving(socket, follower), asio::detached);
  for (size_t sent = 0; !follower->gone;) {
    while (sent < history.lines().size()) co_await socket.send(history.lines()[sent++]);
    if (!follow) break;
    co_await history.until([&] { return follower->gone || sent < history.lines().size(); }, Deadline::max());
  }
  co_await socket.close();
}

asio::awaitable<void> stream_logs(http::Socket socket, RunningLab& lab, std::string host, std::string process,
                                  bool follow) {
  const auto executor = co_await asio::this_coro::executor;
  auto follower = std::make_shared<Follower>(executor);
  auto& processes = lab.processes();
  const auto handle =
      processes.listen([=](const std::string& h, const std::string& p, std::string_view line) {
        if (h != host || (!process.empty() && p != process)) return;
        follower->messages.push_back(message(h, p, line));
        follower->woken.cancel();
      });
  for (const auto& name : processes.names(host)) {
    if (!process.empty() && name != process) continue;
    std::ifstream file{processes.log_file(host, name)};
    for (std::string line; std::getline(file, line);) co_await socket.send(message(host, name, line));
  }
  asio::co_spawn(executor, notice_leaving(socket, follower), asio::detached);
  while (follow && !follower->gone) {
    while (!follower->messages.empty()) {
      std::string next = std::move(follower->messages.front());
      follower->messages.pop_front();
      co_await socket.send(std::move(next));
    }
    if (follower->gone) break;
    follower->woken.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await follower->woken.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_await socket.close();
}

}  // namespace lblab::run
