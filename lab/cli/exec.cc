#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <optional>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/run/exec.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace channel = lblab::run::channel;

namespace {

/// The user's terminal, raw while the command runs.
class RawTerminal {
 public:
  RawTerminal() {
    ::tcgetattr(0, &before_);
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(0, TCSANOW, &raw);
  }
  ~RawTerminal() { ::tcsetattr(0, TCSANOW, &before_); }
  RawTerminal(const RawTerminal&) = delete;

 private:
  termios before_{};
};

winsize window() {
  winsize size{24, 80, 0, 0};
  ::ioctl(0, TIOCGWINSZ, &size);
  return size;
}

void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno != EINTR && errno != EAGAIN) throw sys::SystemError{"write the command's output"};
    if (n > 0) data.remove_prefix(static_cast<size_t>(n));
  }
}

/// What epoll can watch is awaited; a file or /dev/null is read at once, as it never keeps anyone waiting.
asio::awaitable<void> send_input(http::Socket socket) {
  asio::posix::stream_descriptor input{co_await asio::this_coro::executor};
  boost::system::error_code unwatchable, error;
  input.assign(::dup(0), unwatchable);
  std::string chunk(64 * 1024, '\0');
  for (;;) {
    size_t n = 0;
    if (unwatchable) {
      const ssize_t read = ::read(0, chunk.data(), chunk.size());
      n = read > 0 ? static_cast<size_t>(read) : 0;
    } else {
      n = co_await input.async_read_some(asio::buffer(chunk),
                                         asio::redirect_error(asio::use_awaitable, error));
      if (error) n = 0;
    }
    co_await socket.send(channel::input + chunk.substr(0, n));
    if (n == 0) co_return;
  }
}

asio::awaitable<void> forward_signals(http::Socket socket, bool terminal) {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGHUP};
  signals.add(terminal ? SIGWINCH : SIGINT);
  for (;;) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    const winsize size = window();
    if (number == SIGWINCH)
      co_await socket.send(channel::window + std::to_string(size.ws_row) + " " + std::to_string(size.ws_col));
    else
      co_await socket.send(channel::signal + std::to_string(number));
  }
}

nlohmann::json request(const std::vector<std::string>& argv, bool terminal) {
  std::vector<std::string> environment;
  if (const char* term = std::getenv("TERM")) environment.push_back(std::string("TERM=") + term);
  const winsize size = window();
  return {{"argv", argv},
          {"environment", environment},
          {"terminal", terminal},
          {"rows", size.ws_row},
          {"columns", size.ws_col}};
}

int execute(const std::string& lab, const std::string& host, const std::vector<std::string>& argv) {
  const bool terminal = ::isatty(0) && ::isatty(1);
  int code = lab_fault;
  std::string failure;
  const std::string target = "/exec" + query({{"host", host}});
  {
    std::optional<RawTerminal> raw;
    cli::run([&]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      auto socket = co_await open_socket(lab, target);
      co_await socket.send(request(argv, terminal).dump());
      if (terminal) raw.emplace();
      asio::co_spawn(executor, send_input(socket), asio::detached);
      asio::co_spawn(executor, forward_signals(socket, terminal), asio::detached);
      for (;;) {
        const auto message = co_await socket.receive();
        if (!message) break;
        const std::string_view data = std::string_view{*message}.substr(1);
        switch (message->front()) {
          case channel::output:
            write_all(1, data);
            break;
          case channel::error:
            write_all(2, data);
            break;
          case channel::exit:
            code = std::stoi(std::string(data));
            break;
          default:
            failure = data;
        }
      }
    });
  }
  if (!failure.empty()) throw Failure{bad_input, failure};
  return code;
}

}  // namespace

void add_exec(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("exec", "Run a command in a node of the lab");
  auto lab = std::make_shared<std::string>();
  auto host = std::make_shared<std::string>();
  auto argv = std::make_shared<std::vector<std::string>>();
  command->add_option("--lab", *lab, "the lab; may be left out while only one runs");
  command->add_option("NODE", *host)->required();
  command->add_option("CMD", *argv, "after --")->required();
  command->positionals_at_end();
  command->callback([=, &run] {
    run = [=] {
      if (argv->front() == "--") argv->erase(argv->begin());
      return execute(pick_lab(*lab), *host, *argv);
    };
  });
}

}  // namespace lblab::cli
