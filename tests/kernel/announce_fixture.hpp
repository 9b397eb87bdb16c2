#pragma once

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>

#include "fixtures/program.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lab/sys/process.hpp"
#include "lbcore/announce/protocol.hpp"

/// lbd-announce beside a real agent, which speaks to a real bird, all in one network namespace. The test is
/// lbd. What bird says in its log of its routes is what counts.
namespace lbcore::announce {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::local::stream_protocol;
using lblab::fixtures::output_of;
using lblab::sys::check;
using lblab::sys::Fd;
using lblab::sys::Netns;
using lblab::sys::Process;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

inline constexpr const char* bird_conf = R"(
router id 10.0.0.1;
log stderr all;
protocol device {}
protocol bgp announcer {
  local 10.0.0.1 as 65021;
  neighbor 10.0.0.2 as 65021;
  passive; strict bind yes;
  debug { states, routes };
  ipv4 { import all; export none; };
}
)";

inline Route route(const char* prefix) { return {*Prefix::parse(prefix), *Address::parse("10.0.0.105")}; }

inline std::string folder_of_programs() { return fs::read_symlink("/proc/self/exe").parent_path(); }

/// The other end of lbd-announce's socket. Its coroutines share it: they end a turn after close().
class Lbd : public std::enable_shared_from_this<Lbd> {
 public:
  static std::shared_ptr<Lbd> start(asio::io_context& io, const std::string& path) {
    auto lbd = std::make_shared<Lbd>(io, path);
    asio::co_spawn(io, serve(lbd), asio::detached);
    return lbd;
  }

  Lbd(asio::io_context& io, const std::string& path)
      : acceptor_(io, stream_protocol::endpoint(path + ".new")) {
    fs::rename(path + ".new", path);
  }

  std::optional<stream_protocol::socket> helper;
  std::vector<FromHelper> heard;

  void set(std::uint64_t id, std::vector<Route> routes) {
    asio::write(*helper, asio::buffer(encode(SetRoutes{id, std::move(routes)})));
  }

  bool has_heard(const FromHelper& message) const { return std::ranges::find(heard, message) != heard.end(); }

  /// Held by a descriptor from the moment that it is known to live: it is connected.
  Fd helper_process() {
    ucred peer{};
    socklen_t length = sizeof peer;
    check("ask who is connected",
          ::getsockopt(helper->native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &length));
    return Fd{check("open the helper", static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0)))};
  }

  /// As when it is killed: its socket's file stays.
  void close() {
    acceptor_.close();
    if (helper) helper->close();
  }

 private:
  static asio::awaitable<void> serve(std::shared_ptr<Lbd> self) {
    while (self->acceptor_.is_open()) {
      boost::system::error_code error;
      auto connection =
          co_await self->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      self->helper.emplace(std::move(connection));
      co_await self->listen();
      self->helper.reset();
    }
  }

  asio::awaitable<void> listen() {
    std::string buffer;
    for (;;) {
      boost::system::error_code error;
      const auto n = co_await asio::async_read_until(*helper, asio::dynamic_buffer(buffer), '\n',
                                                     asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      heard.push_back(decode_from_helper({buffer.data(), n - 1}).value());
      buffer.erase(0, n);
    }
  }

  stream_protocol::acceptor acceptor_;
};

class Announce : public testing::Test {
 protected:
  Announce() {
    std::string pattern = fs::temp_directory_path() / "announce-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    fs::permissions(folder_, fs::perms{0755});  // FRR is a user of its own
    for (const char* words :
         {"link set lo up", "address add 10.0.0.1/32 dev lo", "address add 10.0.0.2/32 dev lo"})
      ip(words);
    write("bird.conf", bird_conf);
  }

  ~Announce() override {
    helper_.reset();
    agent_.reset();
    bird_.reset();
    fs::remove_all(folder_);
  }

  void ip(const std::string& words) {
    std::vector<std::string> argv{"ip"};
    std::istringstream in(words);
    for (std::string word; in >> word;) argv.push_back(word);
    output_of(argv, ns_);
  }

  void write(const std::string& name, const std::string& text) {
    lblab::sys::write_file(folder_ + "/" + name, text);
  }

  Process spawn(std::vector<std::string> argv, const Fd* err = nullptr) {
    lblab::sys::Command command;
    command.argv = std::move(argv);
    command.environment = {"PATH=" + folder_of_programs() + ":" + lblab::sys::standard_path,
                           "exabgp.daemon.user=root", "exabgp.daemon.drop=false", "exabgp.api.cli=false"};
    command.namespaces = {ns_.fd().get()};
    command.die_with_parent = true;
    if (err) command.err = err->get();
    return lblab::sys::spawn(command);
  }

  void start_bird() {
    auto log = lblab::sys::make_pipe();
    bird_ = spawn({"bird", "-f", "-c", folder_ + "/bird.conf", "-s", folder_ + "/bird.ctl"}, &log.write);
    asio::co_spawn(io_, read_log(asio::posix::stream_descriptor(io_, log.read.release())), asio::detached);
    ASSERT_TRUE(run_until([&] { return logged("Started"); }));
  }

  void start_lbd() {
    lbd_ = Lbd::start(io_, folder_ + "/announce.sock");
    ASSERT_TRUE(run_until([&] { return lbd_->helper.has_value(); }));
  }

  void kill_lbd() { lbd_->close(); }

  /// What bird said of routes: "added 10.1.1.0/24", "removed 10.1.1.0/24".
  std::vector<std::string> routes() const {
    std::vector<std::string> said;
    for (const auto& line : log_)
      for (const char* what : {"added", "removed"})
        if (line.find(std::string("> ") + what) != std::string::npos)
          said.push_back(std::string(what) + " " +
                         line.substr(line.find("10.1."), line.find("/24") + 3 - line.find("10.1.")));
    return said;
  }

  bool run_until(const std::function<bool()>& condition, steady_clock::duration within = 20s) {
    const auto deadline = steady_clock::now() + within;
    while (!condition() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    return condition();
  }

  bool logged(const std::string& part) const {
    return std::ranges::any_of(log_, [&](const auto& line) { return line.find(part) != std::string::npos; });
  }

  asio::awaitable<void> read_log(asio::posix::stream_descriptor from) {
    for (std::string buffer;;) {
      const auto n =
          co_await asio::async_read_until(from, asio::dynamic_buffer(buffer), '\n', asio::use_awaitable);
      log_.push_back(buffer.substr(0, n - 1));
      buffer.erase(0, n);
    }
  }

  asio::io_context io_;
  Netns ns_ = Netns::create();
  std::string folder_;
  std::vector<std::string> log_;
  std::optional<Process> bird_, agent_, helper_;
  std::shared_ptr<Lbd> lbd_;
};

}  // namespace lbcore::announce
