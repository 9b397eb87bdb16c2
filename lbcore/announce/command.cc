#include "lbcore/announce/command.hpp"

#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace lbcore::announce {

namespace asio = boost::asio;
namespace sys = lblab::sys;
using Descriptor = asio::posix::stream_descriptor;

Running start(const asio::any_io_executor& executor, std::vector<std::string> argv) {
  sys::Command command;
  command.argv = std::move(argv);
  for (char** entry = environ; *entry; ++entry) command.environment.emplace_back(*entry);
  auto pipe = sys::make_pipe();
  command.out = pipe.write.get();
  command.err = STDERR_FILENO;
  command.die_with_parent = true;
  auto process = sys::spawn(command);
  return {std::move(process), Descriptor(executor, pipe.read.release())};
}

asio::awaitable<Outcome> run(std::vector<std::string> argv, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  Running running = start(executor, std::move(argv));
  Descriptor end(executor, ::dup(running.process.fd().get()));
  asio::steady_timer timer(executor, limit);
  bool late = false;
  timer.async_wait([&](auto cancelled) {
    if (cancelled) return;
    late = true;
    running.output.cancel();
    end.cancel();
  });
  Outcome outcome;
  boost::system::error_code ended;
  co_await asio::async_read(running.output, asio::dynamic_buffer(outcome.output),
                            asio::redirect_error(asio::use_awaitable, ended));
  if (!late) co_await end.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ended));
  if (!late) outcome.succeeded = running.process.wait().code() == 0;
  co_return outcome;
}

}  // namespace lbcore::announce
