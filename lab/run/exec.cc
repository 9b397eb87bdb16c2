#include "lab/run/exec.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::run {

namespace asio = boost::asio;
using Stream = asio::posix::stream_descriptor;
using nlohmann::json;

namespace {

/// Our ends of the command's streams. With a terminal, `in` and `out` are the same master and `err` is
/// closed.
struct Session {
  explicit Session(asio::any_io_executor executor, http::Socket socket)
      : socket(std::move(socket)), in(executor), out(executor), err(executor), ended(executor) {
    ended.expires_at(asio::steady_timer::time_point::max());
  }
  http::Socket socket;
  Stream in, out, err;
  asio::steady_timer ended;  // cancelled when an output has come to its end
  int open_outputs = 0;
  std::optional<sys::Process> process;
};

void resize(int terminal, int rows, int columns) {
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
}

void start_with_terminal(Session& s, sys::Command& command, int rows, int columns) {
  sys::Fd master{sys::check("open a terminal", ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))};
  sys::check("unlock a terminal", ::unlockpt(master.get()));
  char name[64];
  if (::ptsname_r(master.get(), name, sizeof name) != 0) throw sys::SystemError{"name a terminal"};
  const sys::Fd slave = sys::open(name, O_RDWR | O_NOCTTY);
  resize(master.get(), rows, columns);
  command.in = command.out = command.err = slave.get();
  command.terminal = true;
  s.process = sys::spawn(command);
  s.in.assign(sys::duplicate(master).release());
  s.out.assign(master.release());
}

void start_with_pipes(Session& s, sys::Command& command) {
  auto in = sys::make_pipe(), out = sys::make_pipe(), err = sys::make_pipe();
  command.in = in.read.get();
  command.out = out.write.get();
  command.err = err.write.get();
  s.process = sys::spawn(command);
  s.in.assign(in.write.release());
  s.out.assign(out.read.release());
  s.err.assign(err.read.release());
}

asio::awaitable<void> pump(std::shared_ptr<Session> s, Stream* from, char to) {
  std::string chunk;
  boost::system::error_code error;
  for (;;) {
    chunk.resize(64 * 1024);
    const size_t n =
        co_await from->async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    std::string message(1, to);
    message.append(chunk, 0, n);
    co_await s->socket.send(std::move(message));
  }
  if (--s->open_outputs == 0) s->ended.cancel();
}

asio::awaitable<void> take_input(std::shared_ptr<Session> s) {
  for (;;) {
    // g++ 12 miscompiles a co_await in a loop's condition.
    const auto message = co_await s->socket.receive();
    if (!message) break;
    if (message->empty()) continue;
    const std::string data = message->substr(1);
    boost::system::error_code error;
    if (message->front() == channel::input && data.empty()) s->in.close(error);
    if (message->front() == channel::input && s->in.is_open())
      co_await asio::async_write(s->in, asio::buffer(data), asio::redirect_error(asio::use_awaitable, error));
    std::istringstream numbers{data};
    int a = 0, b = 0;
    if (message->front() == channel::window && numbers >> a >> b) resize(s->out.native_handle(), a, b);
    if (message->front() == channel::signal && numbers >> a && s->process) s->process->signal(a);
  }
  if (s->process && !s->process->waited()) s->process->signal(SIGKILL);  // nobody is there any more
}

asio::awaitable<sys::Exit> finish(std::shared_ptr<Session> s) {
  const auto executor = co_await asio::this_coro::executor;
  Stream pidfd{executor, sys::duplicate(s->process->fd()).release()};
  co_await pidfd.async_wait(Stream::wait_read, asio::use_awaitable);
  const sys::Exit exit = s->process->wait();
  // What it wrote last is still in the pipes. A daemon that it left behind may hold them open for ever: a
  // second is enough.
  if (s->open_outputs > 0) {
    s->ended.expires_after(std::chrono::seconds(1));
    boost::system::error_code woken;
    co_await s->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return exit;
}

}  // namespace

asio::awaitable<void> serve_exec(http::Socket socket, std::vector<int> namespaces,
                                 std::vector<std::string> environment) {
  const auto executor = co_await asio::this_coro::executor;
  const auto first = co_await socket.receive();
  const json request = json::parse(first.value_or(""), nullptr, false);
  if (!request.is_object() || !request.contains("argv")) {
    co_await socket.send(std::string(1, channel::failure) + "exec: the first message is not a request");
    co_await socket.close();
    co_return;
  }
  auto s = std::make_shared<Session>(executor, socket);
  std::string failure;
  try {
    sys::Command command{.argv = request.at("argv").get<std::vector<std::string>>(),
                         .environment = request.value("environment", std::vector<std::string>{}),
                         .directory = "/",
                         .namespaces = std::move(namespaces)};
    command.environment.insert(command.environment.end(), environment.begin(), environment.end());
    if (request.value("terminal", false))
      start_with_terminal(*s, command, request.value("rows", 24), request.value("columns", 80));
    else
      start_with_pipes(*s, command);
  } catch (const std::exception& e) {
    failure = e.what();
  }
  if (!failure.empty()) {
    co_await socket.send(channel::failure + failure);
    co_await socket.close();
    co_return;
  }
  s->open_outputs = s->err.is_open() ? 2 : 1;
  asio::co_spawn(executor, pump(s, &s->out, channel::output), asio::detached);
  if (s->err.is_open()) asio::co_spawn(executor, pump(s, &s->err, channel::error), asio::detached);
  asio::co_spawn(executor, take_input(s), asio::detached);
  const sys::Exit exit = co_await finish(s);
  co_await socket.send(channel::exit + std::to_string(exit.code()));
  co_await socket.close();
}

}  // namespace lblab::run
