#include "lab/guest/mux.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "lab/guest/frame.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {
namespace {

using namespace asio::experimental::awaitable_operators;
using Task = asio::awaitable<void>;

/// Two muxes with a port between them.
class GuestMux : public testing::Test {
 protected:
  GuestMux() : GuestMux(ports()) {}

  /// Runs both muxes and the test's body, until the body is over.
  void run(Task body) {
    std::exception_ptr thrown;
    asio::co_spawn(context, host.run(), [&](std::exception_ptr e) { host_ended = e; });
    asio::co_spawn(context, guest.run(), [&](std::exception_ptr e) { guest_ended = e; });
    asio::co_spawn(context, std::move(body), [&](std::exception_ptr e) {
      thrown = e;
      context.stop();
    });
    context.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(context.stopped()) << "the body did not end in 20 s";
    if (thrown) std::rethrow_exception(thrown);
  }

  static asio::awaitable<std::string> read_all(Stream& stream) {
    std::string text;
    char buffer[5000];
    while (const auto size = co_await stream.read(asio::buffer(buffer))) text.append(buffer, size);
    co_return text;
  }

  asio::io_context context{1};
  Mux host, guest;
  std::exception_ptr host_ended, guest_ended;

 private:
  static std::pair<sys::Fd, sys::Fd> ports() {
    int ends[2];
    sys::check("make a pair of sockets", ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    return {sys::Fd{ends[0]}, sys::Fd{ends[1]}};
  }
  explicit GuestMux(std::pair<sys::Fd, sys::Fd> ports)
      : host(context.get_executor(), Side::host, std::move(ports.first)),
        guest(context.get_executor(), Side::guest, std::move(ports.second)) {}
};

std::string pattern(std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(i * 7 + i / 251);
  return out;
}

TEST_F(GuestMux, CarriesBothDirectionsAndTheirEnds) {
  const auto there = pattern(3'000'000), back = pattern(1'234'567);
  std::string seen_there, seen_back, purpose;
  auto host_side = [&]() -> Task {
    auto stream = host.open("connect /run/x");
    auto send = [&]() -> Task {
      co_await stream.write(there);
      stream.end();
    };
    auto receive = [&]() -> Task { seen_back = co_await read_all(stream); };
    co_await (send() && receive());
  };
  auto guest_side = [&]() -> Task {
    auto stream = co_await guest.accept();
    purpose = stream.purpose();
    auto send = [&]() -> Task {
      co_await stream.write(back);
      stream.end();
    };
    auto receive = [&]() -> Task { seen_there = co_await read_all(stream); };
    co_await (send() && receive());
  };
  auto body = [&]() -> Task { co_await (host_side() && guest_side()); };
  run(body());
  EXPECT_EQ(purpose, "connect /run/x");
  EXPECT_TRUE(seen_there == there) << seen_there.size() << " of " << there.size() << " bytes";
  EXPECT_TRUE(seen_back == back) << seen_back.size() << " of " << back.size() << " bytes";
}

TEST_F(GuestMux, AStreamThatNobodyReadsKeepsNoOtherWaiting) {
  bool stuck_went_on = false;
  std::string seen, message;
  auto body = [&]() -> Task {
    auto stuck = host.open("stuck");
    auto stuck_end = co_await guest.accept();
    asio::co_spawn(
        context,
        [&]() -> Task {
          const auto much = pattern(2 * window_bytes);
          co_await stuck.write(much);
          stuck_went_on = true;
        },
        asio::detached);
    auto free = host.open("free");
    auto free_end = co_await guest.accept();
    auto send = [&]() -> Task {
      const auto much = pattern(10 * window_bytes);
      co_await free.write(much);
      free.end();
      host.send("a message");
    };
    auto receive = [&]() -> Task {
      seen = co_await read_all(free_end);
      message = co_await guest.message();
    };
    co_await (send() && receive());
    EXPECT_FALSE(stuck_went_on) << "more than the window was taken though nobody read";
    // Once it is read, it goes on.
    stuck_end.end();
    std::size_t read = 0;
    for (char buffer[4096]; read < 2 * window_bytes;) read += co_await stuck_end.read(asio::buffer(buffer));
    EXPECT_EQ(read, 2 * window_bytes);
  };
  run(body());
  EXPECT_TRUE(seen == pattern(10 * window_bytes));
  EXPECT_EQ(message, "a message");
}

TEST_F(GuestMux, AResetEndsBothSidesAndSaysWhy) {
  auto body = [&]() -> Task {
    auto stream = host.open("x");
    auto end = co_await guest.accept();
    end.reset("connect to /run/x: Connection refused");
    char buffer[10];
    std::string why;
    try {
      co_await stream.read(asio::buffer(buffer));
    } catch (const StreamClosed& closed) {
      why = closed.what();
    }
    EXPECT_EQ(why, "connect to /run/x: Connection refused");
  };
  run(body());
}

TEST_F(GuestMux, ADroppedStreamFailsTheOtherSidesWriter) {
  auto body = [&]() -> Task {
    auto stream = host.open("x");
    { auto dropped = co_await guest.accept(); }
    const auto much = pattern(2 * window_bytes);
    bool failed = false;
    try {
      co_await stream.write(much);
    } catch (const StreamClosed&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
  };
  run(body());
}

TEST_F(GuestMux, BothSidesMayOpen) {
  auto body = [&]() -> Task {
    auto a = host.open("from host");
    auto b = guest.open("from guest");
    const auto at_guest = co_await guest.accept();
    const auto at_host = co_await host.accept();
    EXPECT_EQ(at_guest.purpose(), "from host");
    EXPECT_EQ(at_host.purpose(), "from guest");
  };
  run(body());
}

/// A mux whose other side is the test itself.
class GuestMuxAlone : public testing::Test {
 protected:
  GuestMuxAlone() {
    int ends[2];
    sys::check("make a pair of sockets", ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    mux.emplace(context.get_executor(), Side::guest, sys::Fd{ends[0]});
    other = sys::Fd{ends[1]};
    asio::co_spawn(context, mux->run(), [this](std::exception_ptr e) {
      ended = true;
      thrown = e;
    });
  }
  void say(const std::string& bytes) {
    ASSERT_EQ(::write(other.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  std::string outcome() {
    context.run_for(std::chrono::seconds(10));
    if (!ended) return "still running";
    if (!thrown) return "ended";
    try {
      std::rethrow_exception(thrown);
    } catch (const ProtocolError& error) {
      return error.what();
    }
  }

  asio::io_context context{1};
  std::optional<Mux> mux;
  sys::Fd other;
  bool ended = false;
  std::exception_ptr thrown;
};

TEST_F(GuestMuxAlone, EndsWithItsPort) {
  other = sys::Fd{};
  EXPECT_EQ(outcome(), "ended");
}

TEST_F(GuestMuxAlone, RefusesGarbage) {
  say("[    0.000000] Linux version 6.1.0");
  EXPECT_EQ(outcome(), "bytes that are no frame");
}

TEST_F(GuestMuxAlone, RefusesMoreThanTheWindow) {
  say(encode({FrameType::open, 1, "x"}));
  for (std::uint32_t sent = 0; sent < window_bytes; sent += chunk_bytes) {
    say(encode({FrameType::data, 1, std::string(chunk_bytes, 'x')}));
    context.poll();
  }
  EXPECT_FALSE(ended) << "the whole window may be sent";
  say(encode({FrameType::data, 1, "x"}));
  EXPECT_EQ(outcome(), "stream 1 overran its window");
}

TEST_F(GuestMuxAlone, RefusesCreditForWhatWasNotSent) {
  say(encode({FrameType::open, 1, "x"}) + encode({FrameType::credit, 1, encode_credit(1)}));
  EXPECT_EQ(outcome(), "more credit than there is window");
}

TEST_F(GuestMuxAlone, RefusesAStreamTwice) {
  say(encode({FrameType::open, 1, "x"}) + encode({FrameType::open, 1, "x"}));
  EXPECT_EQ(outcome(), "stream 1 opened twice, or by the wrong side");
}

TEST_F(GuestMuxAlone, RefusesAStreamWithItsOwnKindOfNumber) {
  say(encode({FrameType::open, 2, "x"}));
  EXPECT_EQ(outcome(), "stream 2 opened twice, or by the wrong side");
}

TEST_F(GuestMuxAlone, TakesLateFramesOfAStreamThatIsOver) {
  say(encode({FrameType::open, 1, "x"}) + encode({FrameType::reset, 1, "gone"}) +
      encode({FrameType::data, 1, "late"}) + encode({FrameType::message, 0, "after it"}));
  std::string message;
  asio::co_spawn(context, mux->message(), [&](std::exception_ptr, std::string text) {
    message = std::move(text);
    context.stop();
  });
  context.run_for(std::chrono::seconds(10));
  EXPECT_EQ(message, "after it");
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace lblab::guest
