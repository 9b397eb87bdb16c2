#include "lbcore/announce/command.hpp"

#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace lbcore::announce {

namespace asio = boost::asio;
namespace sys = lblab::sys;
using Descriptor = asio::posix::stream_descriptor;

Running start(const asio::any_io_executor& executor, std::vector<std::string> argv) {
  sys::Command command;
  command.argv = std::move(argv);
  command.environment = sys::own_environment();
  auto pipe = sys::make_pipe();
  command.out = pipe.write.get();
  command.err = STDERR_FILENO;
  command.die_with_parent = true;
  auto process = sys::spawn(command);
  return {std::move(process), Descriptor(executor, pipe.read.release())};
}

namespace {

/// Shared with the timer, whose handler may still be on its way when the program has ended.
struct Attempt {
  Attempt(const asio::any_io_executor& executor, std::vector<std::string> argv)
      : running(start(executor, std::move(argv))), end(executor, ::dup(running.process.fd().get())) {}

  void give_up() {
    late = true;
    running.output.cancel();
    end.cancel();
  }

  Running running;
  Descriptor end;
  bool late = false;
};

}  // namespace

asio::awaitable<Outcome> run(std::vector<std::string> argv, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto attempt = std::make_shared<Attempt>(executor, std::move(argv));
  asio::steady_timer timer(executor, limit);
  timer.async_wait([attempt](auto cancelled) {
    if (!cancelled) attempt->give_up();
  });
  Outcome outcome;
  boost::system::error_code ended;
  co_await asio::async_read(attempt->running.output, asio::dynamic_buffer(outcome.output),
                            asio::redirect_error(asio::use_awaitable, ended));
  if (!attempt->late)
    co_await attempt->end.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ended));
  if (!attempt->late) outcome.succeeded = attempt->running.process.wait().code() == 0;
  co_return outcome;
}

}  // namespace lbcore::announce
