#include "lbcore/fib/child.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <utility>

#include "lab/sys/fd.hpp"
#include "lab/sys/process.hpp"

namespace lbcore::fib {

namespace asio = boost::asio;
namespace sys = lblab::sys;
using boost::system::error_code;

namespace {

/// A line without end is no line: the largest table that makes sense here is far smaller.
constexpr std::size_t max_line_bytes = 256 << 20;

sys::Process start(std::vector<std::string> argv, const sys::Fd& out) {
  sys::Command command;
  command.argv = std::move(argv);
  command.environment = sys::own_environment();
  command.out = out.get();
  command.err = STDERR_FILENO;
  command.die_with_parent = true;
  return sys::spawn(command);
}

}  // namespace

struct Child::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor executor, std::vector<std::string> argv, Callbacks c)
      : Impl(std::move(executor), std::move(argv), std::move(c), sys::make_pipe()) {}
  Impl(asio::any_io_executor executor, std::vector<std::string> argv, Callbacks c, sys::Pipe pipe)
      : callbacks(std::move(c)),
        process(start(std::move(argv), pipe.write)),
        output(executor, pipe.read.release()),
        timer(executor) {}

  void read() {
    output.async_read_some(asio::buffer(chunk),
                           [self = shared_from_this()](error_code error, std::size_t bytes) {
                             if (self->ended) return;
                             if (error) return self->end();
                             self->take({self->chunk.data(), bytes});
                             if (!self->ended) self->read();
                           });
  }

  void take(std::string_view bytes) {
    while (!bytes.empty() && !ended) {
      const auto newline = bytes.find('\n');
      partial += bytes.substr(0, newline);
      if (newline == std::string_view::npos) {
        if (partial.size() > max_line_bytes) end();
        return;
      }
      bytes.remove_prefix(newline + 1);
      timer.cancel();
      callbacks.line(std::exchange(partial, {}));
    }
  }

  void end() {
    if (std::exchange(ended, true)) return;
    timer.cancel();
    callbacks.end();
  }

  Callbacks callbacks;
  sys::Process process;
  asio::posix::stream_descriptor output;
  asio::steady_timer timer;
  std::array<char, 64 * 1024> chunk;
  std::string partial;  // of a line
  bool ended = false;
};

Child::Child(asio::any_io_executor executor, std::vector<std::string> argv, std::chrono::milliseconds limit,
             Callbacks callbacks)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(argv), std::move(callbacks))) {
  impl_->timer.expires_after(limit);
  impl_->timer.async_wait([self = impl_](error_code error) {
    if (!error) self->end();
  });
  impl_->read();
}

Child::~Child() {
  impl_->ended = true;
  impl_->timer.cancel();
  error_code ignored;
  impl_->output.close(ignored);
  impl_->process.signal(SIGKILL);  // reaped when the last handler lets go of it, within this turn of the loop
}

}  // namespace lbcore::fib
