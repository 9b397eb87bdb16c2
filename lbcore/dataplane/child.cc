#include "lbcore/dataplane/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>

#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"
#include "lbcore/dataplane/program.hpp"

namespace lbcore::dataplane {

namespace asio = boost::asio;
namespace sys = lblab::sys;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

sys::Process start(std::vector<std::string> argv, const sys::Fd& output) {
  sys::Command command;
  command.argv = std::move(argv);
  command.environment = sys::own_environment();
  command.out = command.err = output.get();
  command.die_with_parent = true;
  command.new_pid_namespace = true;
  return sys::spawn(command);
}

/// Whether it can be read before the deadline.
bool readable(int fd, steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
  pollfd waited{fd, POLLIN, 0};
  return left > 0 && sys::check("wait for a program", ::poll(&waited, 1, static_cast<int>(left))) > 0;
}

}  // namespace

struct Child::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor executor, std::vector<std::string> argv, sys::Pipe pipe,
       std::function<void()> on_end)
      : process(start(std::move(argv), pipe.write)),
        output(executor, pipe.read.release()),
        ended(std::move(on_end)) {
    output.non_blocking(true);
  }

  /// Waits for more, passes it on, and waits again.
  void follow() {
    output.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](boost::system::error_code error) {
                        if (error || self->dropped) return;
                        if (self->take()) return self->follow();
                        if (self->ended) self->ended();
                      });
  }

  /// What has been written, passed on by lines; false at its end.
  bool take() {
    std::array<char, 4096> chunk;
    const auto bytes = ::read(output.native_handle(), chunk.data(), chunk.size());
    if (bytes < 0) return errno == EAGAIN || errno == EINTR;
    for (const char c : std::string_view(chunk.data(), static_cast<std::size_t>(bytes))) {
      partial += c;
      if (c != '\n') continue;
      std::cerr << partial << std::flush;
      if (!awaited.empty() && partial.find(awaited) != std::string::npos) ++found;
      partial.clear();
    }
    return bytes > 0;
  }

  sys::Process process;
  asio::posix::stream_descriptor output;
  std::function<void()> ended;
  std::string partial, awaited;  // a line so far; what until() waits for
  long found = 0;                // lines that had that
  bool dropped = false;
};

Child::Child(asio::any_io_executor executor, std::vector<std::string> argv, std::function<void()> ended)
    : impl_(std::make_shared<Impl>(executor, std::move(argv), sys::make_pipe(), std::move(ended))) {
  impl_->follow();
}

Child::~Child() {
  impl_->dropped = true;
  boost::system::error_code ignored;
  impl_->output.close(ignored);
  impl_->process.signal(SIGKILL);
}

void Child::signal(int number) { impl_->process.signal(number); }

void Child::until(const std::string& attempt, const std::string& part, milliseconds within, long lines) {
  const auto deadline = steady_clock::now() + within;
  impl_->awaited = part;
  impl_->found = 0;
  while (impl_->found < lines) {
    if (!readable(impl_->output.native_handle(), deadline)) throw sys::SystemError{attempt, ETIMEDOUT};
    if (!impl_->take()) throw sys::SystemError{attempt + ": it has ended", ECHILD};
  }
  impl_->awaited.clear();
}

void Child::end(int number, milliseconds within) {
  impl_->dropped = true;
  impl_->process.signal(number);
  if (!readable(impl_->process.fd().get(), steady_clock::now() + within)) impl_->process.signal(SIGKILL);
}

}  // namespace lbcore::dataplane
