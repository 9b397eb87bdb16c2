#include "lbcore/fib/gobgp.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "lbcore/fib/child.hpp"

namespace lbcore::fib {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

/// Between attempts to reach gobgpd, doubled from the first to the second. No event tells of a TCP port that
/// opens, and the gobgp client by itself looks only once a second.
constexpr milliseconds first_pause{20}, longest_pause{500};
/// For a connection to open, and for the client's first line to come (its last, where it is asked one
/// question).
constexpr milliseconds connect_limit{2'000}, answer_limit{30'000};

}  // namespace

struct Gobgp::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor e, const lblab::sys::Address& a, std::uint16_t port, Callbacks c)
      : executor(std::move(e)),
        endpoint(asio::ip::make_address(a.str()), port),
        client{"gobgp", "-u", a.str(), "-p", std::to_string(port), "-j"},
        callbacks(std::move(c)),
        probe(executor),
        timer(executor) {}

  std::vector<std::string> command(std::initializer_list<const char*> words) const {
    auto argv = client;
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }

  /// Waits until something listens at the API's port, then starts the stream.
  void reach() {
    probe = tcp::socket(executor);
    probe.open(endpoint.protocol());
    ::fcntl(probe.native_handle(), F_SETFD, FD_CLOEXEC);
    timer.expires_after(connect_limit);
    timer.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->close_probe();
    });
    probe.async_connect(endpoint, [self = shared_from_this()](error_code error) {
      if (self->closed) return;
      self->timer.cancel();
      self->close_probe();
      if (error)
        self->pause_and_reach();
      else
        self->follow();
    });
  }

  void close_probe() {
    error_code ignored;
    probe.close(ignored);
  }

  void pause_and_reach() {
    timer.expires_after(pause);
    pause = std::min(pause * 2, longest_pause);
    timer.async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->closed) self->reach();
    });
  }

  void follow() {
    has_table = false;
    last_error = "the stream has ended";
    stream = std::make_unique<Child>(
        executor, command({"monitor", "global", "rib", "--current"}), answer_limit,
        Child::Callbacks{[this](std::string_view line) { take(line); }, [this] { stream_ended(); }});
  }

  void take(std::string_view line) {
    auto parsed = gobgp::parse_rib(line);
    if (const auto* error = std::get_if<gobgp::Error>(&parsed)) {
      last_error = error->text;
      // The first line that is no table is the client's own error; the stream ends after it.
      if (has_table && line.find("\"error\"") == line.npos) callbacks.malformed(error->text);
      return;
    }
    auto& paths = std::get<gobgp::Paths>(parsed);
    if (has_table) return callbacks.change(std::move(paths));
    has_table = true;
    pause = first_pause;
    callbacks.table(std::move(paths));
  }

  void stream_ended() {
    stream.reset();
    question.reset();
    if (has_table) callbacks.lost(last_error);
    pause_and_reach();
  }

  void ask_neighbours() {
    if (question) return;
    question =
        std::make_unique<Child>(executor, command({"neighbor"}), answer_limit,
                                Child::Callbacks{[this](std::string_view line) { take_neighbours(line); },
                                                 [this] { question.reset(); }});
  }

  void take_neighbours(std::string_view line) {
    question.reset();
    auto parsed = gobgp::parse_neighbours(line);
    if (auto* neighbours = std::get_if<std::vector<gobgp::Neighbour>>(&parsed))
      callbacks.neighbours(std::move(*neighbours));
  }

  asio::any_io_executor executor;
  tcp::endpoint endpoint;
  std::vector<std::string> client;
  Callbacks callbacks;
  tcp::socket probe;
  asio::steady_timer timer;
  milliseconds pause = first_pause;
  std::unique_ptr<Child> stream, question;
  std::string last_error;
  bool has_table = false;
  bool closed = false;
};

Gobgp::Gobgp(asio::any_io_executor executor, lblab::sys::Address address, std::uint16_t port,
             Callbacks callbacks)
    : impl_(std::make_shared<Impl>(std::move(executor), address, port, std::move(callbacks))) {
  impl_->reach();
}

Gobgp::~Gobgp() {
  impl_->closed = true;
  impl_->timer.cancel();
  impl_->close_probe();
  impl_->stream.reset();
  impl_->question.reset();
}

void Gobgp::ask_neighbours() { impl_->ask_neighbours(); }

}  // namespace lbcore::fib
