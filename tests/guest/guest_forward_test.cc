#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "lab/guest/run.hpp"
#include "lblab_process.hpp"

namespace lblab::test {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

/// In the guest: waits a while, then listens and answers every connection with what it sends, in capitals.
constexpr const char* server = R"(
import os, socket, threading, time
time.sleep(1)
os.makedirs('/run/lab/x')
listener = socket.socket(socket.AF_UNIX)
listener.bind('/run/lab/x/control.sock')
listener.listen()
def answer(connection):
    text = b''
    while more := connection.recv(65536): text += more
    connection.sendall(text.upper())
    connection.close()
while True:
    connection, _ = listener.accept()
    threading.Thread(target=answer, args=(connection,)).start()
)";

asio::awaitable<void> converse(std::string path, std::string text, std::string& answer) {
  stream_protocol::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(stream_protocol::endpoint(path), asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(text), asio::use_awaitable);
  socket.shutdown(stream_protocol::socket::shutdown_send);
  boost::system::error_code end;
  co_await asio::async_read(socket, asio::dynamic_buffer(answer),
                            asio::redirect_error(asio::use_awaitable, end));
}

guest::Job forwarding_job(const std::string& path) {
  guest::Job job;
  job.argv = {"/usr/bin/python3", "-c", server};
  job.forwards = {{path, "/run/lab/x/control.sock"}};
  job.agent = lblab_program();
  return job;
}

TEST(GuestForward, ConnectionsWaitForTheListenerInTheGuestAndAreKeptApart) {
  using namespace asio::experimental::awaitable_operators;
  const std::string path = "/tmp/guest-forward-" + std::to_string(::getpid()) + ".sock";
  const std::string longer(1'000'000, 'b');
  std::string first, second, third;
  asio::io_context context(1);
  std::exception_ptr thrown;
  auto test = [&]() -> asio::awaitable<void> {
    auto conversations = [&]() -> asio::awaitable<void> {
      co_await (converse(path, "one", first) && converse(path, longer, second));
      co_await converse(path, "three", third);
    };
    auto job = [&]() -> asio::awaitable<void> { co_await guest::run(forwarding_job(path), {}); };
    co_await (job() || conversations());
  };
  asio::co_spawn(context, test(), [&](std::exception_ptr e) { thrown = e; });
  context.run_for(std::chrono::seconds(120));
  EXPECT_FALSE(thrown);
  EXPECT_EQ(first, "ONE");
  EXPECT_TRUE(second == std::string(longer.size(), 'B')) << second.size() << " bytes";
  EXPECT_EQ(third, "THREE");
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the socket was left behind";
}

TEST(GuestForward, AGuestThatTakesTooLongIsNamed) {
  guest::Job job;
  job.argv = {"true"};
  job.agent = lblab_program();
  job.boot_limit = std::chrono::milliseconds(300);
  std::string what;
  try {
    guest::run_and_wait(job, {});
  } catch (const guest::GuestError& error) {
    what = error.what();
  }
  EXPECT_THAT(what, testing::StartsWith("the guest was not up after 300 ms; it said last:\n"));
}

}  // namespace
}  // namespace lblab::test
