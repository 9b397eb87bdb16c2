#include "lab/http/http.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::http {
namespace {

using namespace std::chrono_literals;
using asio::awaitable;
using nlohmann::json;
using testing::HasSubstr;

constexpr auto limit = 20s;

Request make_request(std::string method, std::string target, std::string body = "") {
  return {std::move(method), std::move(target), std::move(body)};
}

/// co_spawn wants results that have a default.
template <class T>
awaitable<std::optional<T>> boxed(awaitable<T> what) {
  std::optional<T> value(co_await std::move(what));
  co_return value;
}

/// A loop, a folder for a socket, and a server on it.
class Http : public testing::Test {
 protected:
  Http() {
    std::string pattern = testing::TempDir() + "httpXXXXXX";
    folder = ::mkdtemp(pattern.data());
    here.unix_path = folder + "/control.sock";
    server = std::make_unique<Server>(io.get_executor());
  }
  ~Http() override {
    server.reset();
    io.restart();
    io.poll();
    std::filesystem::remove_all(folder);
  }

  /// Runs the loop until the coroutine has ended; what it threw is thrown here.
  template <class T>
  T run(awaitable<T> what) {
    std::optional<std::exception_ptr> end;
    std::optional<T> value;
    asio::co_spawn(io, boxed(std::move(what)), [&](std::exception_ptr error, std::optional<T> result) {
      end = error;
      value = std::move(result);
    });
    run_until([&] { return end.has_value(); });
    if (*end) std::rethrow_exception(*end);
    return std::move(*value);
  }

  template <class Condition>
  void run_until(Condition condition) {
    io.restart();
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (io.run_one_until(until) == 0) throw std::runtime_error("the deadline of the test has passed");
    }
  }

  Response ask(std::string method, std::string target, std::string body = "") {
    return run(fetch(here, make_request(std::move(method), std::move(target), std::move(body)), limit));
  }

  asio::io_context io;
  std::string folder;
  Endpoint here;
  std::unique_ptr<Server> server;
};

awaitable<Response> repeat_request(Request request) {
  co_return Response{201,
                     request.method + " " + request.path() + " " + request.query("name") + " " + request.body,
                     "text/plain"};
}

awaitable<Response> fail(Request) {
  throw std::runtime_error("no such \"lab\" \xff");
  co_return Response{};
}

/// Answers only when the loop ends.
awaitable<Response> never(Request) {
  asio::steady_timer forever(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await forever.async_wait(asio::use_awaitable);
  co_return Response{};
}

awaitable<void> echo(Request, Socket socket) {
  for (;;) {
    auto message = co_await socket.receive();
    if (!message) co_return;
    co_await socket.send(std::move(*message));
  }
}

TEST(HttpRequest, PathAndQueryAreDecoded) {
  const Request request = make_request("GET", "/a%20b/c%2Fd?x=1&name=p%26q+r%C3%A9&flag&name=second");
  EXPECT_EQ(request.path(), "/a b/c/d");
  EXPECT_EQ(request.query("name"), "p&q r\xc3\xa9");
  EXPECT_EQ(request.query("x"), "1");
  EXPECT_EQ(request.query("flag"), "");
  EXPECT_EQ(request.query("missing"), "");
}

TEST(HttpRequest, BadPercentEncodingStandsForItself) {
  const Request request = make_request("GET", "/50%?a=%zz&b=%4&c=%");
  EXPECT_EQ(request.path(), "/50%");
  EXPECT_EQ(request.query("a"), "%zz");
  EXPECT_EQ(request.query("b"), "%4");
  EXPECT_EQ(request.query("c"), "%");
}

TEST(HttpRequest, EncodeIsUndoneByQuery) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(make_request("GET", "/?v=" + encode(every)).query("v"), every);
  EXPECT_EQ(encode("a-b c/d"), "a-b%20c%2Fd");
}

TEST_F(Http, AnswersOverAUnixSocketThatOnlyItsOwnerMayUse) {
  server->on("POST", "/labs", repeat_request);
  server->listen(here.unix_path);
  const Response response = ask("POST", "/labs?name=ecmp%2B1", "body");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.content_type, "text/plain");
  EXPECT_EQ(response.body, "POST /labs ecmp+1 body");
  struct stat file {};
  ASSERT_EQ(::stat(here.unix_path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

/// A port that was free a moment ago.
std::uint16_t free_port() {
  const sys::Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

TEST_F(Http, AnswersOverTcp) {
  here = {"", *sys::Address::parse("127.0.0.1"), free_port()};
  server->on("GET", "/", repeat_request);
  server->listen(here.address, here.port);
  EXPECT_EQ(ask("GET", "/?name=tcp").body, "GET / tcp ");
}

TEST_F(Http, CarriesBodiesOfMegabytesBothWays) {
  server->on("PUT", "/", [](Request request) -> awaitable<Response> {
    co_return Response{200, request.body};
  });
  server->listen(here.unix_path);
  const std::string body(8 << 20, 'x');
  EXPECT_EQ(ask("PUT", "/", body).body, body);
}

TEST_F(Http, MistakesAreAnsweredAsJson) {
  server->on("GET", "/state", repeat_request);
  server->on("GET", "/fail", fail);
  server->on_socket("/events", echo);
  server->listen(here.unix_path);
  const auto error_of = [&](const Response& r) { return json::parse(r.body).at("error").get<std::string>(); };

  const Response missing = ask("GET", "/nowhere");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(error_of(missing), HasSubstr("/nowhere"));
  const Response method = ask("DELETE", "/state");
  EXPECT_EQ(method.status, 405);
  EXPECT_THAT(error_of(method), HasSubstr("DELETE"));
  const Response failed = ask("GET", "/fail");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(error_of(failed), HasSubstr("no such \"lab\""));
  EXPECT_EQ(ask("GET", "/events").status, 426);
}

/// A plain connection to a unix socket, for what no HTTP client would send.
sys::Fd raw_connection(const std::string& path) {
  sys::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  sys::check("connect", ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  return fd;
}

TEST_F(Http, WhatIsNotHttpIsA400) {
  server->listen(here.unix_path);
  const sys::Fd raw = raw_connection(here.unix_path);
  ASSERT_GT(::write(raw.get(), "nonsense\r\n\r\n", 12), 0);
  std::string answer;
  run_until([&] {
    char buffer[4096];
    const ssize_t n = ::read(raw.get(), buffer, sizeof buffer);
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
    return n == 0;
  });
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer, HasSubstr("{\"error\":"));
}

TEST_F(Http, SeveralRequestsShareAConnectionThatIsKeptAlive) {
  server->on("GET", "/", repeat_request);
  server->listen(here.unix_path);
  const sys::Fd raw = raw_connection(here.unix_path);
  const std::string both =
      "GET /?name=one HTTP/1.1\r\nHost: x\r\n\r\nGET /?name=two HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_GT(::write(raw.get(), both.data(), both.size()), 0);
  std::string answer;
  run_until([&] {
    char buffer[4096];
    const ssize_t n = ::read(raw.get(), buffer, sizeof buffer);
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
    return n == 0 || answer.find("two") != std::string::npos;
  });
  EXPECT_THAT(answer, HasSubstr("GET / one"));
  EXPECT_THAT(answer, HasSubstr("GET / two"));
}

TEST_F(Http, ADeadlineEndsARequestThatIsNotAnswered) {
  server->on("GET", "/", never);
  server->listen(here.unix_path);
  const auto before = std::chrono::steady_clock::now();
  try {
    run(fetch(here, make_request("GET", "/"), 50ms));
    FAIL() << "answered";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), boost::asio::error::timed_out);
    EXPECT_THAT(error.what(), HasSubstr(here.unix_path));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST_F(Http, NobodyListeningIsAnErrorThatNamesTheSocket) {
  try {
    ask("GET", "/");
    FAIL() << "answered";
  } catch (const boost::system::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(here.unix_path));
  }
}

TEST_F(Http, AStaleSocketFileIsReplacedButALiveOneIsNot) {
  server->on("GET", "/", repeat_request);
  server->listen(here.unix_path);
  Server second(io.get_executor());
  EXPECT_THROW(second.listen(here.unix_path), sys::SystemError);
  EXPECT_EQ(ask("GET", "/").status, 201);

  server.reset();
  ASSERT_TRUE(std::filesystem::exists(here.unix_path));
  second.on("GET", "/", fail);
  second.listen(here.unix_path);
  EXPECT_EQ(ask("GET", "/").status, 500);
}

TEST_F(Http, AnImpossibleSocketPathIsASystemError) {
  EXPECT_THROW(server->listen(folder + "/missing/control.sock"), sys::SystemError);
  EXPECT_THROW(server->listen(folder + "/" + std::string(200, 'x')), sys::SystemError);
}

awaitable<std::vector<std::string>> exchange(Endpoint to, std::vector<std::string> messages) {
  Socket socket = co_await connect(to, "/echo", limit);
  std::vector<std::string> answers;
  for (auto& message : messages) {
    co_await socket.send(std::move(message));
    auto answer = co_await socket.receive();
    if (!answer) break;
    answers.push_back(std::move(*answer));
  }
  co_await socket.close();
  co_return answers;
}

TEST_F(Http, WebSocketsCarryMessagesOfAnySizeBothWays) {
  server->on_socket("/echo", echo);
  server->listen(here.unix_path);
  std::string megabyte(1 << 20, '\0');
  for (std::size_t i = 0; i < megabyte.size(); ++i) megabyte[i] = static_cast<char>(i * 31 + i / 257);
  const std::vector<std::string> messages{"hello", "", megabyte, std::string("\0\xff", 2), megabyte};
  EXPECT_EQ(run(exchange(here, messages)), messages);
}

awaitable<void> greet(Request request, Socket socket) {
  co_await socket.send("hello " + request.query("name"));
}

awaitable<std::vector<std::string>> all_messages(Endpoint to, std::string target) {
  Socket socket = co_await connect(to, std::move(target), limit);
  std::vector<std::string> messages;
  for (;;) {
    auto message = co_await socket.receive();
    if (!message) co_return messages;
    messages.push_back(std::move(*message));
  }
}

TEST_F(Http, AHandlerThatEndsClosesItsWebSocketAfterWhatItSent) {
  server->on_socket("/greet", greet);
  server->listen(here.unix_path);
  EXPECT_THAT(run(all_messages(here, "/greet?name=router")), testing::ElementsAre("hello router"));
}

awaitable<void> break_off(Request, Socket socket) {
  co_await socket.send("first");
  throw std::runtime_error(std::string(500, 'x'));
}

TEST_F(Http, AHandlerThatThrowsClosesItsWebSocket) {
  server->on_socket("/", break_off);
  server->listen(here.unix_path);
  EXPECT_THAT(run(all_messages(here, "/")), testing::ElementsAre("first"));
}

TEST_F(Http, ARefusedWebSocketSaysWhy) {
  server->on("GET", "/state", repeat_request);
  server->listen(here.unix_path);
  try {
    run(all_messages(here, "/nowhere"));
    FAIL() << "connected";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no WebSocket at /nowhere");
  }
}

awaitable<void> send_one(Socket socket, std::string message) { co_await socket.send(std::move(message)); }

awaitable<void> many_senders(Request, Socket socket) {
  const auto executor = co_await asio::this_coro::executor;
  for (int i = 0; i < 20; ++i)
    asio::co_spawn(executor, send_one(socket, std::string(100'000, static_cast<char>('a' + i))),
                   [](std::exception_ptr) {});
  co_await socket.receive();
}

awaitable<std::string> initials(Endpoint to, std::size_t count) {
  Socket socket = co_await connect(to, "/", limit);
  std::string letters;
  while (letters.size() < count) {
    const auto message = co_await socket.receive();
    if (!message) break;
    if (message->size() == 100'000) letters += message->front();
  }
  co_await socket.close();
  co_return letters;
}

TEST_F(Http, SendsOfSeveralCoroutinesQueueInOrder) {
  server->on_socket("/", many_senders);
  server->listen(here.unix_path);
  EXPECT_EQ(run(initials(here, 20)), "abcdefghijklmnopqrst");
}

TEST_F(Http, TheServerNoticesAClientThatVanishes) {
  bool seen = false, gone = false;
  server->on_socket("/", [&](Request, Socket socket) -> awaitable<void> {
    const auto first = co_await socket.receive();
    seen = first == "here I am";
    const auto second = co_await socket.receive();
    gone = !second;
    co_await socket.send("nobody reads this");
  });
  server->listen(here.unix_path);
  {
    Socket socket = run(connect(here, "/", limit));
    asio::co_spawn(io, send_one(socket, "here I am"), [](std::exception_ptr) {});
    run_until([&] { return seen; });
  }  // dropped without a closing handshake
  run_until([&] { return gone; });
}

TEST_F(Http, AClientThatVanishesBeforeItsAnswerHarmsNobody) {
  server->on("GET", "/never", never);
  server->on("GET", "/", repeat_request);
  server->listen(here.unix_path);
  for (int i = 0; i < 3; ++i)
    EXPECT_THROW(run(fetch(here, make_request("GET", "/never"), 20ms)), boost::system::system_error);
  EXPECT_EQ(ask("GET", "/").status, 201);
}

TEST_F(Http, DestroyingTheServerEndsEveryOpenConnection) {
  server->on_socket("/echo", echo);
  server->on("GET", "/never", never);
  server->listen(here.unix_path);
  Socket socket = run(connect(here, "/echo", limit));
  const sys::Fd idle = raw_connection(here.unix_path);
  std::optional<bool> closed;
  bool failed = false;
  asio::co_spawn(io, socket.receive(),
                 [&](std::exception_ptr, std::optional<std::string> message) { closed = !message; });
  asio::co_spawn(io, fetch(here, make_request("GET", "/never"), limit),
                 [&](std::exception_ptr error, Response) { failed = error != nullptr; });
  io.restart();
  io.run_for(50ms);
  ASSERT_FALSE(closed || failed);

  server.reset();
  run_until([&] { return closed && failed; });
  EXPECT_TRUE(*closed);
  char byte;
  EXPECT_EQ(::read(idle.get(), &byte, 1), 0);
}

TEST_F(Http, TheLoopMayEndWithConversationsOpen) {
  server->on_socket("/", many_senders);
  server->listen(here.unix_path);
  Socket socket = run(connect(here, "/", limit));
  asio::co_spawn(io, socket.receive(), [](std::exception_ptr, std::optional<std::string>) {});
  io.restart();
  io.run_for(20ms);  // then all of it is destroyed, sockets being busy: the sanitizers judge
}

TEST_F(Http, ChildrenInheritNoSocket) {
  server->on_socket("/echo", echo);
  server->listen(here.unix_path);
  Socket socket = run(connect(here, "/echo", limit));
  asio::co_spawn(io, send_one(socket, "x"), [](std::exception_ptr) {});
  EXPECT_EQ(run(socket.receive()), "x");
  int sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    struct stat file {};
    if (::fstat(fd, &file) != 0 || !S_ISSOCK(file.st_mode) || fd <= 2) continue;
    ++sockets;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << "descriptor " << fd;
  }
  EXPECT_GE(sockets, 3);  // listening, accepted, connected
}

}  // namespace
}  // namespace lblab::http
