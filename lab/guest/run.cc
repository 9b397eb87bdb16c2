#include "lab/guest/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <list>

#include "lab/guest/event.hpp"
#include "lab/guest/machine.hpp"
#include "lab/guest/mux.hpp"
#include "lab/guest/relay.hpp"
#include "lab/guest/root.hpp"
#include "lab/guest/tool.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace fs = std::filesystem;

namespace {

constexpr auto grace = std::chrono::seconds(3);

Size terminal_size(int fd) {
  winsize ws{};
  if (::ioctl(fd, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0) return {};
  return {ws.ws_row, ws.ws_col};
}

/// Makes a terminal pass every key on, until destroyed.
class RawTerminal {
 public:
  explicit RawTerminal(int fd) : fd_(fd) {
    sys::check("read the terminal's settings", ::tcgetattr(fd_, &before_));
    termios raw = before_;
    ::cfmakeraw(&raw);
    sys::check("set up the terminal", ::tcsetattr(fd_, TCSADRAIN, &raw));
  }
  ~RawTerminal() { ::tcsetattr(fd_, TCSADRAIN, &before_); }
  RawTerminal(const RawTerminal&) = delete;

 private:
  int fd_;
  termios before_;
};

/// A unix socket that listens on the host, removed when destroyed.
class Listener {
 public:
  Listener(const asio::any_io_executor& executor, Forward forward)
      : forward_(std::move(forward)), socket_(executor, bound(forward_.host_path).release()) {}
  ~Listener() { ::unlink(forward_.host_path.c_str()); }
  Listener(const Listener&) = delete;

  asio::awaitable<void> run(Mux& mux) {
    const auto executor = co_await asio::this_coro::executor;
    for (;;) {
      co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
      sys::Fd connection{::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!connection && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)) continue;
      sys::check("accept a connection to " + forward_.host_path, connection.get());
      auto stream = mux.open(connect_prefix + forward_.guest_path);
      asio::co_spawn(executor, relay(std::move(connection), std::move(stream)), asio::detached);
    }
  }

 private:
  static sys::Fd bound(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw sys::SystemError{"listen on " + path, ENAMETOOLONG};
    path.copy(address.sun_path, path.size());
    sys::Fd socket{
        sys::check("open a socket", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
    ::unlink(path.c_str());
    const auto mask = ::umask(0177);
    const int rc = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(mask);
    sys::check("listen on " + path, rc);
    sys::check("listen on " + path, ::listen(socket.get(), SOMAXCONN));
    return socket;
  }

  Forward forward_;
  asio::posix::stream_descriptor socket_;
};

/// The last of what somebody printed, for an error's text.
class Tail {
 public:
  Tail(const asio::any_io_executor& executor, int fd) : from_(executor, fd) {}
  asio::awaitable<void> run() {
    std::array<char, 4096> buffer;
    while (const auto size = co_await from_.read(asio::buffer(buffer))) {
      text_.append(buffer.data(), size);
      constexpr std::size_t kept_bytes = 2000;
      if (text_.size() > kept_bytes) text_.erase(0, text_.size() - kept_bytes);
    }
  }
  const std::string& text() const { return text_; }

 private:
  Descriptor from_;
  std::string text_;
};

/// operator&& of Asio 1.81 does not compile for some mixtures of results.
asio::awaitable<void> void_of(asio::awaitable<bool> work) { co_await std::move(work); }

template <class Duration>
asio::awaitable<void> pass(Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

std::vector<SharedFolder> shared_folders(const Job& job) {
  std::vector<SharedFolder> out;
  for (const auto& path : job.shared)
    out.push_back({"shared" + std::to_string(out.size()), fs::canonical(path)});
  return out;
}

/// Folders that must be seen though the guest has its own of what they are in.
std::vector<std::string> visible_folders(const Job& job) {
  auto folders = job.visible;
  folders.push_back(job.directory);
  folders.push_back(fs::path(job.agent).parent_path());
  if (job.argv.front().find('/') != std::string::npos)
    folders.push_back(fs::absolute(job.argv.front()).parent_path());
  std::vector<std::string> out;
  for (const auto& folder : folders)
    if (std::error_code absent; fs::is_directory(folder, absent)) out.push_back(fs::canonical(folder));
  return out;
}

class Session {
 public:
  Session(const asio::any_io_executor& executor, Job job, Streams streams, Image image)
      : job_(std::move(job)),
        streams_(streams),
        image_(std::move(image)),
        shared_(shared_folders(job_)),
        machine_({.image = image_,
                  .program = job_.agent,
                  .memory_mib = job_.memory_mib,
                  .cpus = job_.counts_instructions ? 1 : job_.cpus,
                  .kvm = !job_.counts_instructions && probe_kvm(image_).usable,
                  .counts_instructions = job_.counts_instructions,
                  .shared = shared_}),
        console_(executor, machine_.console.get()),
        errors_(executor, machine_.errors.get()),
        started_event_(executor),
        mux_(executor, Side::host, std::move(machine_.port)) {
    for (const auto& forward : job_.forwards) listeners_.emplace_back(executor, forward);
    job_.listening();
  }

  asio::awaitable<sys::Exit> run() {
    std::string broken;
    try {
      co_await first_of(follow(), beside(mux_.run()), beside(console_.run()), beside(errors_.run()),
                        obey_signals(), keep_limit(), beside(expect_start()), listen());
    } catch (const StreamClosed&) {
      broken = started_ ? "the guest ended before its job did" : "the guest ended before it was up";
    } catch (const GuestError& error) {
      broken = error.what();
    }
    if (!broken.empty()) co_await explain(broken);
    co_return limit_reached_ ? sys::Exit{124, {}} : *exit_;
  }

 private:
  /// The job's course, from the start message to its last byte of output.
  asio::awaitable<void> follow() {
    using namespace asio::experimental::awaitable_operators;
    const auto executor = co_await asio::this_coro::executor;
    Stream input = mux_.open(input_stream), output = mux_.open(output_stream),
           errors = mux_.open(errors_stream);
    output.end();
    errors.end();
    mux_.send(encode(ToGuest{.start = start_message(), .signal = {}, .resize = {}}));
    Descriptor in(executor, streams_.in), out(executor, streams_.out), err(executor, streams_.err);
    auto outputs = [&]() -> asio::awaitable<void> {
      co_await (void_of(carry(output, out)) && void_of(carry(errors, err)) && obey_guest(err));
    };
    co_await first_of(outputs(), beside(carry(in, input)));
  }

  Start start_message() const {
    Start start{job_.argv, job_.environment, job_.directory, visible_folders(job_), shared_, {}, false, 0};
    if (job_.terminal) start.terminal = terminal_size(streams_.in);
    struct stat out, err;
    start.errors_join_output = ::fstat(streams_.out, &out) == 0 && ::fstat(streams_.err, &err) == 0 &&
                               out.st_dev == err.st_dev && out.st_ino == err.st_ino;
    start.now_ns = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    return start;
  }

  asio::awaitable<void> obey_guest(Descriptor& err) {
    while (!exit_) {
      const auto message = decode_to_host(co_await mux_.message());
      if (message.started) {
        started_ = true;
        if (job_.terminal) raw_.emplace(streams_.in);
        started_event_.notify();
      }
      if (message.failed) {
        co_await err.write("lblab: " + message.failed->text + "\n");
        exit_ = sys::Exit{message.failed->error == ENOENT ? 127 : 126, {}};
      }
      if (message.ended) exit_ = message.ended;
    }
  }

  asio::awaitable<void> obey_signals() {
    asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGHUP);
    if (job_.terminal) signals.add(SIGWINCH);
    for (int count = 0;;) {
      const int number = co_await signals.async_wait(asio::use_awaitable);
      if (number == SIGWINCH) {
        mux_.send(encode(ToGuest{.start = {}, .signal = {}, .resize = Resize{terminal_size(streams_.in)}}));
      } else if (!started_ || ++count == 3) {
        exit_ = sys::Exit{{}, number};
        co_return;
      } else {
        mux_.send(encode(ToGuest{.start = {}, .signal = SendSignal{number}, .resize = {}}));
      }
    }
  }

  asio::awaitable<void> started() {
    while (!started_) co_await started_event_.wait();
  }

  asio::awaitable<void> expect_start() {
    using Clock = std::chrono::steady_clock;
    const auto begun = Clock::now();
    while (!started_) {
      const auto left = begun + job_.boot_limit + machine_.starved() - Clock::now();
      if (left <= left.zero())
        throw GuestError(fmt::format("the guest was not up after {} ms", job_.boot_limit.count()));
      co_await first_of(started(), pass(left));
    }
  }

  asio::awaitable<void> keep_limit() {
    if (!job_.limit) co_await forever();
    co_await started();
    co_await pass(*job_.limit);
    limit_reached_ = true;
    mux_.send(encode(ToGuest{.start = {}, .signal = SendSignal{SIGTERM}, .resize = {}}));
    co_await pass(grace);
  }

  asio::awaitable<void> listen() {
    auto all = forever();
    for (auto& listener : listeners_) all = first_of(std::move(all), listener.run(mux_));
    co_await std::move(all);
  }

  /// Reads what QEMU and the console still have to say, and throws it.
  asio::awaitable<void> explain(const std::string& broken) {
    machine_.process.signal(SIGKILL);
    co_await first_of(console_.run(), pass(grace));
    co_await first_of(errors_.run(), pass(grace));
    throw GuestError(broken + "; it said last:\n" + errors_.text() + console_.text());
  }

  Job job_;
  Streams streams_;
  Image image_;
  std::vector<SharedFolder> shared_;
  Machine machine_;
  Tail console_, errors_;
  std::optional<sys::Exit> exit_;
  bool started_ = false, limit_reached_ = false;
  Event started_event_;
  std::optional<RawTerminal> raw_;
  Mux mux_;
  std::list<Listener> listeners_;
};

}  // namespace

std::vector<std::string> job_environment() {
  constexpr std::string_view of_the_host_only[] = {"HOME", "TMPDIR", "XDG_RUNTIME_DIR",
                                                   "DBUS_SESSION_BUS_ADDRESS"};
  std::vector<std::string> out{"HOME=/root"};
  for (auto& entry : environment())
    if (std::ranges::find(of_the_host_only, std::string_view(entry).substr(0, entry.find('='))) ==
        std::end(of_the_host_only))
      out.push_back(std::move(entry));
  return out;
}

asio::awaitable<sys::Exit> run(Job job, Streams streams) {
  ::signal(SIGPIPE, SIG_IGN);
  if (job.argv.empty()) throw std::invalid_argument("no command to run in the guest");
  if (job.environment.empty()) job.environment = job_environment();
  if (job.agent.empty()) job.agent = fs::read_symlink("/proc/self/exe");
  auto image = prepare_image(job.progress);
  Session session(co_await asio::this_coro::executor, std::move(job), streams, std::move(image));
  co_return co_await session.run();
}

sys::Exit run_and_wait(Job job, Streams streams) {
  asio::io_context context(1);
  std::exception_ptr thrown;
  sys::Exit exit;
  asio::co_spawn(context, run(std::move(job), streams), [&](std::exception_ptr e, sys::Exit result) {
    thrown = e;
    exit = result;
    context.stop();
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return exit;
}

}  // namespace lblab::guest
