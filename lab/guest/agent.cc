#include "lab/guest/agent.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <list>
#include <optional>

#include "lab/guest/connect.hpp"
#include "lab/guest/event.hpp"
#include "lab/guest/frame.hpp"
#include "lab/guest/protocol.hpp"
#include "lab/guest/relay.hpp"
#include "lab/guest/root.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace {

sys::Fd open_port() {
  for (const auto& port : std::filesystem::directory_iterator("/sys/class/virtio-ports"))
    if (sys::read_file(port.path() / "name") == std::string(port_name) + "\n")
      return sys::open("/dev/" + port.path().filename().string(), O_RDWR | O_NONBLOCK);
  throw sys::SystemError{"find the port to the host", ENODEV};
}

/// What the job writes. Its end of the pipe may be held by processes that outlive it, so the job's end, not
/// the pipe's, ends the stream.
class Output {
 public:
  Output(const asio::any_io_executor& executor, sys::Fd from, Stream to)
      : from_(executor, std::move(from)), to_(std::move(to)), progress_(executor) {}
  int fd() const { return from_.fd(); }

  asio::awaitable<void> run() {
    std::array<char, chunk_bytes> buffer;
    try {
      for (;;) {
        reading_ = true;
        const auto size = co_await from_.read(asio::buffer(buffer));
        reading_ = false;
        if (size == 0) break;
        co_await to_.write({buffer.data(), size});
        progress_.notify();
      }
    } catch (const StreamClosed&) {
    }
    over_ = true;
    progress_.notify();
  }

  /// Once the job has ended: returns when all that it wrote is on its way.
  asio::awaitable<void> drained() {
    while (!over_ && !(reading_ && empty())) co_await progress_.wait();
    to_.end();
  }

 private:
  bool empty() const {
    if (::isatty(from_.fd())) return false;  // the job was its session's leader: its end hangs it up
    int bytes = 0;
    return ::ioctl(from_.fd(), FIONREAD, &bytes) == 0 && bytes == 0;
  }

  Descriptor from_;
  Stream to_;
  Event progress_;
  bool reading_ = false, over_ = false;
};

void nonblocking(const sys::Fd& fd) {
  sys::check("make a descriptor non-blocking",
             ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK));
}

/// The job's descriptors, and our ends of them.
struct Ends {
  sys::Fd in, out, err;           // the job's
  sys::Fd input, output, errors;  // ours; `errors` is empty where they join the output
};

void resize(int terminal, const Size& size) {
  winsize ws{};
  ws.ws_row = static_cast<unsigned short>(size.rows);
  ws.ws_col = static_cast<unsigned short>(size.columns);
  ::ioctl(terminal, TIOCSWINSZ, &ws);
}

Ends make_terminal(const Size& size) {
  Ends ends;
  ends.input = sys::Fd{sys::check("make a terminal", ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))};
  char name[64];
  sys::check("unlock a terminal", ::unlockpt(ends.input.get()));
  if (const int error = ::ptsname_r(ends.input.get(), name, sizeof name))
    throw sys::SystemError{"name a terminal", error};
  ends.in = sys::open(name, O_RDWR | O_NOCTTY);
  ends.out = sys::duplicate(ends.in);
  ends.err = sys::duplicate(ends.in);
  ends.output = sys::duplicate(ends.input);
  resize(ends.input.get(), size);
  nonblocking(ends.input);
  return ends;
}

Ends make_pipes(bool errors_join_output) {
  Ends ends;
  auto in = sys::make_pipe(), out = sys::make_pipe();
  ends.in = std::move(in.read);
  ends.input = std::move(in.write);
  ends.out = std::move(out.write);
  ends.output = std::move(out.read);
  if (errors_join_output) {
    ends.err = sys::duplicate(ends.out);
  } else {
    auto err = sys::make_pipe();
    ends.err = std::move(err.write);
    ends.errors = std::move(err.read);
    nonblocking(ends.errors);
  }
  nonblocking(ends.input);
  nonblocking(ends.output);
  return ends;
}

sys::Process spawn(const Start& start, Ends& ends) {
  sys::Command command;
  command.argv = start.argv;
  command.environment = start.environment;
  command.directory = start.directory;
  command.in = ends.in.get();
  command.out = ends.out.get();
  command.err = ends.err.get();
  command.terminal = start.terminal.has_value();
  auto process = sys::spawn(command);
  ends.in = sys::Fd{};
  ends.out = sys::Fd{};
  ends.err = sys::Fd{};
  return process;
}

/// What the host sends, to the job's standard input.
asio::awaitable<void> feed(Stream stream, sys::Fd input, bool terminal) {
  Descriptor to(co_await asio::this_coro::executor, std::move(input));
  if (!co_await carry(stream, to) || !terminal) co_return;  // the pipe closes with `to`
  constexpr char end_of_file = 4;
  co_await to.write({&end_of_file, 1});
}

asio::awaitable<void> forward(Stream stream) {
  constexpr auto limit = std::chrono::seconds(60);
  const auto path = stream.purpose().substr(std::string_view(connect_prefix).size());
  std::string failure;
  try {
    auto socket = co_await connect_when_there(path, limit);
    co_await relay(std::move(socket), std::move(stream));
    co_return;
  } catch (const sys::SystemError& error) {
    failure = error.what();
  }
  stream.reset(failure);
}

asio::awaitable<void> accept_forwards(Mux& mux) {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    auto stream = co_await mux.accept();
    if (stream.purpose().starts_with(connect_prefix))
      asio::co_spawn(executor, forward(std::move(stream)), asio::detached);
    else
      stream.reset("no stream is known for: " + stream.purpose());
  }
}

asio::awaitable<void> obey(Mux& mux, const sys::Process& job, int terminal) {
  for (;;) {
    const auto message = decode_to_guest(co_await mux.message());
    // The job leads a process group of its own and has not been waited for, so the number is still its.
    if (message.signal) ::kill(-job.pid(), message.signal->number);
    if (message.resize) resize(terminal, message.resize->size);
  }
}

asio::awaitable<void> ended(const sys::Process& job) {
  asio::posix::stream_descriptor pidfd(co_await asio::this_coro::executor,
                                       sys::duplicate(job.fd()).release());
  co_await pidfd.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

asio::awaitable<void> pump(std::list<Output>& outputs) {
  using namespace asio::experimental::awaitable_operators;
  if (outputs.size() == 1)
    co_await outputs.front().run();
  else
    co_await (outputs.front().run() && outputs.back().run());
  co_await forever();
}

asio::awaitable<sys::Exit> run_job(Mux& mux, const Start& start) {
  const auto executor = co_await asio::this_coro::executor;
  Stream input = co_await mux.accept(), output = co_await mux.accept(), errors = co_await mux.accept();
  input.end();
  Ends ends = start.terminal ? make_terminal(*start.terminal) : make_pipes(start.errors_join_output);
  auto job = spawn(start, ends);
  mux.send(encode(ToHost{.started = true, .ended = {}, .failed = {}}));

  std::list<Output> outputs;
  outputs.emplace_back(executor, std::move(ends.output), std::move(output));
  if (ends.errors)
    outputs.emplace_back(executor, std::move(ends.errors), std::move(errors));
  else
    errors.end();
  const int terminal = outputs.front().fd();
  auto finish = [&]() -> asio::awaitable<void> {
    co_await ended(job);
    for (auto& one : outputs) co_await one.drained();
  };
  co_await first_of(finish(),
                    beside(feed(std::move(input), std::move(ends.input), start.terminal.has_value())),
                    pump(outputs), obey(mux, job, terminal), accept_forwards(mux));
  co_return job.wait();
}

void set_clock(std::int64_t now_ns) {
  constexpr std::int64_t second = 1'000'000'000;
  const timespec now{now_ns / second, now_ns % second};
  sys::check("set the clock", ::clock_settime(CLOCK_REALTIME, &now));
}

asio::awaitable<void> serve(Mux& mux) {
  ToHost last;
  try {
    const auto start = decode_to_guest(co_await mux.message()).start;
    if (!start) throw ProtocolError("the first message is no start");
    set_clock(start->now_ns);
    mount_folders(*start);
    last.ended = co_await run_job(mux, *start);
  } catch (const sys::SystemError& error) {
    last.failed = Failure{error.what(), error.code().value()};
  }
  mux.send(encode(last));
  // What the port was given is lost if it closes before the host has read it: the host hangs up first.
  try {
    for (;;) co_await mux.message();
  } catch (const StreamClosed&) {
  }
}

}  // namespace

void run_agent() {
  ::signal(SIGPIPE, SIG_IGN);
  mount_kernel_folders();
  asio::io_context context(1);
  Mux mux(context.get_executor(), Side::guest, open_port());
  std::exception_ptr thrown;
  asio::co_spawn(context, first_of(mux.run(), serve(mux)), [&](std::exception_ptr e) {
    thrown = e;
    context.stop();
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace lblab::guest
