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

/// lbd-announce under the real exabgp, which speaks to a real bird, all in one network namespace. The test is
/// lbd. What bird says in its log of its routes is what counts.
namespace lbcore::announce {
namespace {

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

const char* const bird_conf = R"(
router id 10.0.0.1;
log stderr all;
protocol device {}
protocol bgp exabgp {
  local 10.0.0.1 as 65021;
  neighbor 10.0.0.2 as 65021;
  passive;
  debug { states, routes };
  ipv4 { import all; export none; };
}
)";

const char* const exabgp_conf = R"(
process lbd-announce {
    run /usr/bin/env lbd-announce --socket FOLDER/announce.sock --limit 1500ms;
    encoder json;
}
neighbor 10.0.0.1 {
    router-id 10.0.0.2;
    local-address 10.0.0.2;
    local-as 65021;
    peer-as 65021;
    hold-time 9;
    family { ipv4 unicast; }
    api { processes [ lbd-announce ]; neighbor-changes; }
}
)";

Route route(const char* prefix) { return {*Prefix::parse(prefix), *Address::parse("10.0.0.105")}; }

std::string folder_of_programs() { return fs::read_symlink("/proc/self/exe").parent_path(); }

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
    for (const char* words :
         {"link set lo up", "address add 10.0.0.1/32 dev lo", "address add 10.0.0.2/32 dev lo"})
      ip(words);
    write("bird.conf", bird_conf);
    std::string conf = exabgp_conf;
    conf.replace(conf.find("FOLDER"), 6, folder_);
    write("exabgp.conf", conf);
  }

  ~Announce() override {
    exabgp_.reset();
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

  void start_exabgp() { exabgp_ = spawn({"exabgp", folder_ + "/exabgp.conf"}); }

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
  std::optional<Process> bird_, exabgp_;
  std::shared_ptr<Lbd> lbd_;
};

TEST_F(Announce, SetsOfRoutesBecomeThoseOfTheNeighbour) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24"), route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; })) << testing::PrintToString(log_);
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24", "added 10.1.2.0/24"));
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {route("10.1.1.0/24"), route("10.1.2.0/24")}, {}, {}});
  }));
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", true}); }));
  EXPECT_THAT(output_of({"birdc", "-s", folder_ + "/bird.ctl", "show route 10.1.1.0/24 all"}, ns_),
              HasSubstr("BGP.next_hop: 10.0.0.105"));

  lbd_->set(2, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_EQ(routes().back(), "removed 10.1.1.0/24");
}

TEST_F(Announce, LbdMayBeGoneForALittleWhileButNotForLonger) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 1; }));

  kill_lbd();
  start_lbd();
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Session{"10.0.0.1", true});
  })) << "a new lbd is told the sessions";
  lbd_->set(1, {route("10.1.1.0/24")});
  EXPECT_TRUE(run_until([&] {
    return lbd_->has_heard(Acknowledged{1, {}, {}, {}});
  })) << "nothing was to be done";
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24"));

  kill_lbd();
  const auto gone = steady_clock::now();
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; }));
  EXPECT_EQ(routes().back(), "removed 10.1.1.0/24");
  EXPECT_GE(steady_clock::now() - gone, 1500ms) << "its limit";
  EXPECT_LT(steady_clock::now() - gone, 4s);

  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_EQ(routes().back(), "added 10.1.1.0/24");
}

TEST_F(Announce, AHelperThatFollowsOneThatWasKilledTakesBackWhatIsNoLongerWanted) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24"), route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 2; }));

  const Fd killed = lbd_->helper_process();
  check("kill the helper",
        static_cast<int>(::syscall(SYS_pidfd_send_signal, killed.get(), SIGKILL, nullptr, 0)));
  ASSERT_TRUE(run_until([&] { return !lbd_->helper; }));
  ASSERT_TRUE(run_until([&] { return lbd_->helper.has_value(); })) << "exabgp starts another";
  lbd_->set(1, {route("10.1.2.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 3; }));
  EXPECT_THAT(routes(), ElementsAre("added 10.1.1.0/24", "added 10.1.2.0/24", "removed 10.1.1.0/24"));
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Acknowledged{1, {}, {route("10.1.1.0/24")}, {}}); }));
}

TEST_F(Announce, EndsWithItsExabgp) {
  start_bird();
  start_exabgp();
  start_lbd();
  lbd_->set(1, {route("10.1.1.0/24")});
  ASSERT_TRUE(run_until([&] { return routes().size() == 1; }));
  exabgp_->signal(SIGKILL);
  EXPECT_TRUE(run_until([&] { return !lbd_->helper; }));
  EXPECT_TRUE(run_until([&] { return routes().size() == 2; })) << "its host closed the session";
}

TEST_F(Announce, SessionsThatGoDownAreTold) {
  start_bird();
  start_exabgp();
  start_lbd();
  ASSERT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", true}); }));
  output_of({"birdc", "-s", folder_ + "/bird.ctl", "disable exabgp"}, ns_);
  EXPECT_TRUE(run_until([&] { return lbd_->has_heard(Session{"10.0.0.1", false}); }));
}

}  // namespace
}  // namespace lbcore::announce
