#include "lbcore/announce/helper.hpp"

#include <sys/inotify.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <filesystem>

#include "lbcore/announce/announcer.hpp"
#include "lbcore/announce/outbox.hpp"
#include "lbcore/folder_watch.hpp"

namespace lbcore::announce {

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using Descriptor = asio::posix::stream_descriptor;
using Socket = asio::local::stream_protocol::socket;

/// The next line without its newline; nothing: the other side has ended.
template <class Stream>
asio::awaitable<std::optional<std::string>> next_line(Stream& stream, std::string& buffer) {
  boost::system::error_code error;
  const auto n = co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), '\n',
                                                 asio::redirect_error(use_awaitable, error));
  if (error) co_return std::nullopt;
  std::string line = buffer.substr(0, n - 1);
  buffer.erase(0, n);
  co_return line;
}

class Helper : public std::enable_shared_from_this<Helper> {
 public:
  Helper(asio::any_io_executor executor, HelperSettings settings)
      : executor_(executor),
        socket_path_(std::filesystem::absolute(settings.socket)),
        limit_(settings.limit),
        from_exabgp_(executor, settings.from_exabgp.release()),
        to_exabgp_(std::make_shared<Outbox<Descriptor>>(Descriptor(executor, settings.to_exabgp.release()))),
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
    std::string buffer;
    while (const auto line = co_await next_line(from_exabgp_, buffer)) perform(announcer_.from_exabgp(*line));
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
    while (const auto line = co_await next_line(lbd_->stream(), buffer)) {
      const auto set = decode_set(*line);
      if (!set) break;
      gone_for_.cancel();
      perform(announcer_.set(*set));
    }
    lbd_.reset();
    announcer_.lbd_gone();
    start_limit();
  }

  void start_limit() {
    gone_for_.expires_after(limit_);
    gone_for_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->perform(self->announcer_.withdraw_all());
    });
  }

  void perform(const Announcer::Output& output) {
    for (const auto& command : output.to_exabgp) to_exabgp_->send(command + "\n");
    for (const auto& message : output.to_lbd)
      if (lbd_) lbd_->send(encode(message));
  }

  void end() {
    folder_.close();
    gone_for_.cancel();
    if (lbd_) lbd_->stream().close();
  }

  asio::any_io_executor executor_;
  std::filesystem::path socket_path_;
  std::chrono::milliseconds limit_;
  Descriptor from_exabgp_;
  std::shared_ptr<Outbox<Descriptor>> to_exabgp_;
  FolderWatch folder_;
  asio::steady_timer gone_for_;
  std::shared_ptr<Outbox<Socket>> lbd_;  // empty: not connected
  Announcer announcer_;
};

}  // namespace

asio::awaitable<void> run_helper(HelperSettings settings) {
  const auto helper = std::make_shared<Helper>(co_await asio::this_coro::executor, std::move(settings));
  co_await helper->run();
}

}  // namespace lbcore::announce
