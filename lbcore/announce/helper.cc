#include "lbcore/announce/helper.hpp"

#include <sys/inotify.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <filesystem>

#include "lbcore/announce/announcer.hpp"
#include "lbcore/announce/lines.hpp"
#include "lbcore/announce/outbox.hpp"
#include "lbcore/folder_watch.hpp"

namespace lbcore::announce {

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using Socket = asio::local::stream_protocol::socket;

class Helper : public std::enable_shared_from_this<Helper> {
 public:
  Helper(asio::any_io_executor executor, const HelperSettings& settings, std::unique_ptr<Agent> agent)
      : executor_(executor),
        socket_path_(std::filesystem::absolute(settings.socket)),
        limit_(settings.limit),
        agent_(std::move(agent)),
        folder_(executor, socket_path_.parent_path(), IN_CREATE | IN_MOVED_TO),
        gone_for_(executor) {}

  asio::awaitable<void> run() {
    const auto self = shared_from_this();
    asio::co_spawn(
        executor_, [self] { return self->follow_lbd(); },
        [](std::exception_ptr failure) {
          if (failure) std::rethrow_exception(failure);
        });
    perform(announcer_.start());
    start_limit();
    co_await agent_->listen([this](const FromAgent& said) { perform(announcer_.from_agent(said)); });
    end();
  }

 private:
  asio::awaitable<void> follow_lbd() {
    const auto self = shared_from_this();
    do {
      if (auto socket = co_await connect()) co_await serve(*socket);
      // Also after a connection: whoever ended it, going back is of use only when lbd listens anew.
    } while (co_await socket_changed());
  }

  asio::awaitable<std::optional<Socket>> connect() {
    Socket socket(executor_);
    boost::system::error_code error;
    const asio::local::stream_protocol::endpoint lbd(socket_path_.string());
    co_await socket.async_connect(lbd, asio::redirect_error(use_awaitable, error));
    if (error) co_return std::nullopt;
    co_return socket;
  }

  /// Waits until something happens to the socket's name; false: the helper is ending.
  asio::awaitable<bool> socket_changed() {
    try {
      for (;;)
        for (const auto& name : co_await folder_.changed())
          if (name.empty() || name == socket_path_.filename()) co_return true;
    } catch (const boost::system::system_error&) {
      co_return false;
    }
  }

  asio::awaitable<void> serve(Socket& socket) {
    lbd_ = std::make_shared<Outbox<Socket>>(std::move(socket));
    for (const auto& session : announcer_.sessions()) lbd_->send(encode(session));
    std::string buffer;
    for (;;) {
      const auto line = co_await next_line(lbd_->stream(), buffer);
      const auto set = line ? decode_set(*line) : std::nullopt;
      if (!set) break;
      gone_for_.cancel();
      perform(announcer_.set(*set));
    }
    lbd_.reset();
    announcer_.lbd_gone();
    start_limit();
  }

  void start_limit() {
    if (ended_) return;
    gone_for_.expires_after(limit_);
    gone_for_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->perform(self->announcer_.withdraw_all());
    });
  }

  void perform(const Announcer::Output& output) {
    for (const auto& request : output.to_agent) agent_->ask(request);
    for (const auto& message : output.to_lbd)
      if (lbd_) lbd_->send(encode(message));
  }

  void end() {
    ended_ = true;
    folder_.close();
    gone_for_.cancel();
    if (lbd_) lbd_->stream().close();
  }

  asio::any_io_executor executor_;
  std::filesystem::path socket_path_;
  std::chrono::milliseconds limit_;
  std::unique_ptr<Agent> agent_;
  FolderWatch folder_;
  asio::steady_timer gone_for_;
  std::shared_ptr<Outbox<Socket>> lbd_;  // empty: not connected
  Announcer announcer_;
  bool ended_ = false;
};

}  // namespace

asio::awaitable<void> run_helper(HelperSettings settings, std::unique_ptr<Agent> agent) {
  const auto helper =
      std::make_shared<Helper>(co_await asio::this_coro::executor, settings, std::move(agent));
  co_await helper->run();
}

}  // namespace lbcore::announce
