#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "fixtures/ipvsadm.hpp"
#include "fixtures/netlink_capture.hpp"
#include "fixtures/program.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lab/sys/process.hpp"
#include "lbcore/announce/protocol.hpp"

/// The real lbd in a network namespace, between a client and two real servers. The test is lbd-announce. What
/// ipvsadm and the client see is what counts.
namespace lbcore {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using asio::local::stream_protocol;
using lblab::fixtures::Ipvsadm;
using lblab::fixtures::NetlinkCapture;
using lblab::fixtures::NetlinkMessage;
using lblab::fixtures::output_of;
using lblab::sys::Netns;
using lblab::sys::Process;
using std::chrono::steady_clock;
using testing::IsEmpty;
using testing::StrEq;
using namespace std::chrono_literals;

const char* const configuration = R"(
control: FOLDER/control.sock
announce: {socket: FOLDER/announce.sock}
drain-limit: 20s
services:
  - name: web
    addresses: 10.1.1.0/24
    port: 80
    mark: 1
    scheduler: rr
    endpoints: FOLDER/web.json
    health: {tcp: 80, interval: 1s, timeout: 1s, rise: 1, fall: 3}
    announce: {route: 10.1.1.0/24, next-hop: 10.0.0.105}
)";

const char* const endpoints = R"({
  "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
  "ports": [{"port": 80}],
  "endpoints": [{"addresses": ["172.16.1.3"]}, {"addresses": ["172.16.1.4"]}]
})";

const char* const both_servers =
    "-A -f 1 -s rr\n"
    "-a -f 1 -r 172.16.1.3:80 -m -w 1\n"
    "-a -f 1 -r 172.16.1.4:80 -m -w 1\n";

/// Answers every line with itself.
class RealServer {
 public:
  RealServer(asio::io_context& io, const Netns& inside, const char* address) : acceptor_(io) {
    inside.within([&] { acceptor_.open(tcp::v4()); });
    // Asio does not: an lbd that is started would hold it, and it would listen for ever.
    lblab::sys::check("close on exec", ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC));
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind({asio::ip::make_address(address), 80});
    acceptor_.listen();
    accept();
  }

  /// Connections so far, health checks among them.
  int accepted() const { return accepted_; }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket connection) {
      if (error) return;
      ++accepted_;
      asio::co_spawn(acceptor_.get_executor(), echo(std::move(connection)), asio::detached);
      accept();
    });
  }

  static asio::awaitable<void> echo(tcp::socket connection) {
    for (std::string buffer;;) {
      const auto n = co_await asio::async_read_until(connection, asio::dynamic_buffer(buffer), '\n',
                                                     asio::use_awaitable);
      co_await asio::async_write(connection, asio::buffer(buffer, n), asio::use_awaitable);
      buffer.erase(0, n);
    }
  }

  tcp::acceptor acceptor_;
  int accepted_ = 0;
};

/// In the place of lbd-announce and exabgp: does at once what it is told.
class Helper : public std::enable_shared_from_this<Helper> {
 public:
  using Observer = std::function<void(const std::vector<Route>&)>;

  Helper(asio::io_context& io, const std::string& path, Observer observer)
      : socket_(io), observer_(std::move(observer)) {
    socket_.connect(stream_protocol::endpoint(path));
  }
  void start() { asio::co_spawn(socket_.get_executor(), run(shared_from_this()), asio::detached); }

 private:
  static asio::awaitable<void> run(std::shared_ptr<Helper> self) {
    for (std::string buffer;;) {
      boost::system::error_code error;
      const auto n = co_await asio::async_read_until(self->socket_, asio::dynamic_buffer(buffer), '\n',
                                                     asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const auto set = announce::decode_set({buffer.data(), n - 1}).value();
      buffer.erase(0, n);
      self->observer_(set.routes);
      const announce::FromHelper done = announce::Acknowledged{set.id, {}, {}, {}};
      const std::string answer = announce::encode(done);
      co_await asio::async_write(self->socket_, asio::buffer(answer), asio::use_awaitable);
    }
  }

  stream_protocol::socket socket_;
  Observer observer_;
};

class Lbd : public testing::Test {
 protected:
  Lbd() {
    std::string pattern = fs::temp_directory_path() / "lbd-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    configure(configuration);
    lblab::sys::write_file(folder_ + "/web.json", endpoints);
    for (const Netns* ns : {&client_, &lb_, &servers_}) ip(*ns, "link set lo up");
    connect(client_, "192.0.2.10/24", lb_, "192.0.2.1/24", "client");
    connect(lb_, "172.16.1.2/24", servers_, "172.16.1.3/24", "servers");
    ip(servers_, "address add 172.16.1.4/24 dev servers");
    ip(client_, "route add 10.1.1.0/24 via 192.0.2.1");
    server_.emplace(io_, servers_, "172.16.1.3");
    other_server_.emplace(io_, servers_, "172.16.1.4");
  }

  ~Lbd() override {
    lbd_.reset();
    fs::remove_all(folder_);
  }

  void configure(std::string text) const {
    for (std::size_t at; (at = text.find("FOLDER")) != std::string::npos;) text.replace(at, 6, folder_);
    lblab::sys::write_file(folder_ + "/lbd.yaml", text);
  }

  static void ip(const Netns& inside, const std::string& words) {
    std::vector<std::string> argv{"ip"};
    std::istringstream in(words);
    for (std::string word; in >> word;) argv.push_back(word);
    output_of(argv, inside);
  }

  /// A veth pair whose ends both have this name.
  static void connect(const Netns& a, const std::string& of_a, const Netns& b, const std::string& of_b,
                      const std::string& name) {
    const auto path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(b.fd().get());
    ip(a, "link add " + name + " type veth peer name " + name + " netns " + path);
    for (const auto& [ns, address] : {std::pair(&a, of_a), std::pair(&b, of_b)}) {
      ip(*ns, "address add " + address + " dev " + name);
      ip(*ns, "link set " + name + " up");
    }
  }

  Process spawn(std::vector<std::string> options, int out) {
    lblab::sys::Command command;
    command.argv = {fs::read_symlink("/proc/self/exe").parent_path() / "lbd", "--config",
                    folder_ + "/lbd.yaml"};
    command.argv.insert(command.argv.end(), options.begin(), options.end());
    command.environment = {std::string("PATH=") + lblab::sys::standard_path};
    command.namespaces = {lb_.fd().get()};
    command.out = out;
    command.err = 2;
    command.die_with_parent = true;
    return lblab::sys::spawn(command);
  }

  /// Starts lbd, waits until it is ready, and connects a helper to it.
  void start() {
    auto out = lblab::sys::make_pipe();
    events_.clear();
    times_.clear();
    started_ = steady_clock::now();
    lbd_.emplace(spawn({}, out.write.get()));
    asio::co_spawn(io_, read_events(asio::posix::stream_descriptor(io_, out.read.release())), asio::detached);
    ASSERT_TRUE(run_until([&] { return said({{"event", "ready"}}); })) << story();
    const auto helper = std::make_shared<Helper>(io_, folder_ + "/announce.sock", [this](const auto& routes) {
      announced_ = !routes.empty();
      if (on_routes_) on_routes_();
    });
    helper->start();
  }

  void start_and_wait_for_both() {
    start();
    ASSERT_TRUE(run_until([&] {
      return announced_ && changed("add destination 172.16.1.3:80") &&
             changed("add destination 172.16.1.4:80");
    }));
    ASSERT_THAT(ipvsadm_.save(), StrEq(both_servers));
  }

  /// lbd has said that it wrote this to the kernel. To run ipvsadm at every turn instead would take seconds
  /// under emulation.
  bool changed(const std::string& beginning) const {
    for (const auto& event : events_)
      if (event["event"] == "table")
        for (const std::string change : event["changes"])
          if (change.starts_with(beginning)) return true;
    return false;
  }

  asio::awaitable<void> read_events(asio::posix::stream_descriptor from) {
    for (std::string buffer;;) {
      const auto n =
          co_await asio::async_read_until(from, asio::dynamic_buffer(buffer), '\n', asio::use_awaitable);
      events_.push_back(nlohmann::json::parse(buffer.substr(0, n)));
      times_.push_back(steady_clock::now() - started_);
      buffer.erase(0, n);
    }
  }

  /// An event with these keys and values.
  bool said(const nlohmann::json& keys) const {
    const auto has = [&](const nlohmann::json& event) {
      return std::ranges::all_of(
          keys.items(), [&](const auto& item) { return event.value(item.key(), "") == item.value(); });
    };
    return std::ranges::any_of(events_, has);
  }

  /// What lbd has said so far, each with the milliseconds since its start.
  std::string story() const {
    std::string lines = "lbd said:\n";
    for (std::size_t i = 0; i < events_.size(); ++i)
      lines += std::to_string(times_[i] / 1ms) + " ms " + events_[i].dump() + "\n";
    return lines;
  }

  bool run_until(const std::function<bool()>& condition, steady_clock::duration within = 60s) {
    const auto deadline = steady_clock::now() + within;
    while (!condition() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    return condition();
  }

  /// Waits for lbd's end.
  int exit_code() {
    asio::posix::stream_descriptor process(io_, ::dup(lbd_->fd().get()));
    bool ended = false;
    process.async_wait(asio::posix::stream_descriptor::wait_read,
                       [&](boost::system::error_code) { ended = true; });
    if (!run_until([&] { return ended; })) return -1;
    return lbd_->wait().code();
  }

  boost::system::error_code connect(tcp::socket& socket) {
    client_.within([&] { socket.open(tcp::v4()); });
    std::optional<boost::system::error_code> result;
    socket.async_connect({asio::ip::make_address("10.1.1.77"), 80}, [&](auto error) { result = error; });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result.value_or(asio::error::timed_out);
  }

  tcp::socket open_connection() {
    tcp::socket socket(io_);
    const auto error = connect(socket);
    EXPECT_FALSE(error) << error.message();
    return socket;
  }

  bool answers(tcp::socket& socket) {
    asio::write(socket, asio::buffer("hello\n", 6));
    std::string answer;
    bool done = false;
    asio::async_read_until(socket, asio::dynamic_buffer(answer), '\n', [&](auto, auto) { done = true; });
    run_until([&] { return done; });
    socket.cancel();
    return answer == "hello\n";
  }

  /// Of its control socket.
  std::string ask(const std::string& method, const std::string& path) const {
    return output_of({"curl", "-sS", "--fail", "-X", method, "--unix-socket", folder_ + "/control.sock",
                      "http://lbd" + path},
                     lb_);
  }

  std::vector<NetlinkMessage> writes(NetlinkCapture& capture) const {
    std::vector<NetlinkMessage> writes;
    for (const auto& message : capture.take())
      if (lblab::fixtures::is_ipvs_write(message, ipvs_family_) || lblab::fixtures::is_network_write(message))
        writes.push_back(message);
    return writes;
  }

  asio::io_context io_;
  Netns client_ = Netns::create(), lb_ = Netns::create(), servers_ = Netns::create();
  Ipvsadm ipvsadm_{lb_};
  std::string folder_;
  std::optional<RealServer> server_, other_server_;
  std::optional<Process> lbd_;
  std::vector<nlohmann::json> events_;
  std::vector<steady_clock::duration> times_;  // of events_
  steady_clock::time_point started_;
  bool announced_ = false;
  std::function<void()> on_routes_;
  int ipvs_family_ = lblab::fixtures::generic_family("IPVS");
};

TEST_F(Lbd, AnEqualConfigurationAndAdoptionAfterKillChangeNothingAndAConnectionLivesThrough) {
  start_and_wait_for_both();
  auto connection = open_connection();
  ASSERT_TRUE(answers(connection));
  NetlinkCapture capture{lb_};
  writes(capture);

  lbd_->signal(SIGHUP);
  ASSERT_TRUE(run_until([&] { return said({{"event", "config"}, {"state", "unchanged"}}); })) << story();
  EXPECT_THAT(writes(capture), IsEmpty());
  EXPECT_TRUE(answers(connection));

  lbd_->signal(SIGKILL);
  EXPECT_EQ(exit_code(), 128 + SIGKILL);
  EXPECT_TRUE(answers(connection)) << "while there is no lbd";
  EXPECT_THAT(ipvsadm_.save(), StrEq(both_servers));

  const int checks = server_->accepted();
  start();
  ASSERT_TRUE(run_until([&] { return announced_ && server_->accepted() > checks; }))
      << "the next lbd checks for itself";
  EXPECT_THAT(writes(capture), IsEmpty());
  EXPECT_THAT(ipvsadm_.save(), StrEq(both_servers));
  EXPECT_TRUE(answers(connection));
}

TEST_F(Lbd, HandoverLeavesEverythingToTheNext) {
  start_and_wait_for_both();
  auto connection = open_connection();
  NetlinkCapture capture{lb_};
  writes(capture);
  EXPECT_EQ(spawn({"--handover"}, -1).wait().code(), 0);
  EXPECT_EQ(exit_code(), 0) << "it has ended before its successor is told so";
  EXPECT_TRUE(answers(connection));
  start();
  EXPECT_THAT(writes(capture), IsEmpty());
  EXPECT_TRUE(answers(connection));
}

TEST_F(Lbd, TermWithdrawsThenTakesWeightThenWaitsForConnectionsThenRemoves) {
  start_and_wait_for_both();
  auto connection = open_connection();
  std::string when_withdrawn;
  on_routes_ = [&] { when_withdrawn = ipvsadm_.save(); };
  lbd_->signal(SIGTERM);
  ASSERT_TRUE(run_until([&] { return said({{"event", "decommission"}, {"step", "draining"}}); })) << story();
  EXPECT_FALSE(announced_);
  EXPECT_THAT(when_withdrawn, StrEq(both_servers)) << "no weight was taken before that";
  ASSERT_TRUE(run_until([&] { return changed("edit destination 172.16.1.4:80"); })) << story();
  EXPECT_THAT(ipvsadm_.save(), StrEq("-A -f 1 -s rr\n"
                                     "-a -f 1 -r 172.16.1.3:80 -m -w 0\n"
                                     "-a -f 1 -r 172.16.1.4:80 -m -w 0\n"));
  EXPECT_TRUE(answers(connection)) << "what is open goes on";
  connection.close();
  EXPECT_TRUE(run_until([&] {
    return said({{"event", "decommission"}, {"step", "drained"}});
  })) << "and was waited for";
  EXPECT_EQ(exit_code(), 0);
  EXPECT_THAT(ipvsadm_.save(), StrEq(""));
  EXPECT_EQ(output_of({"nft", "list", "tables"}, lb_), "");
  EXPECT_EQ(output_of({"ip", "route", "show", "table", "local", "10.1.1.0/24"}, lb_), "");
}

TEST_F(Lbd, ADeadServerLeavesInTimeAndComesBackAndWithNoneTheRouteIsWithdrawn) {
  start_and_wait_for_both();
  const auto died = steady_clock::now();
  server_.reset();
  ASSERT_TRUE(run_until([&] { return changed("remove destination 172.16.1.3:80"); })) << story();
  EXPECT_LT(steady_clock::now() - died, 1s * 3 + 1s + 1s) << "interval × fall + timeout + 1 s";
  EXPECT_THAT(ipvsadm_.save(), StrEq("-A -f 1 -s rr\n-a -f 1 -r 172.16.1.4:80 -m -w 1\n"));
  EXPECT_TRUE(announced_);

  other_server_.reset();
  ASSERT_TRUE(run_until([&] { return !announced_ && changed("remove destination 172.16.1.4:80"); }))
      << story();
  EXPECT_THAT(ipvsadm_.save(), StrEq("-A -f 1 -s rr\n"));

  server_.emplace(io_, servers_, "172.16.1.3");
  ASSERT_TRUE(run_until([&] { return announced_; })) << story();
  EXPECT_THAT(ipvsadm_.save(), StrEq("-A -f 1 -s rr\n-a -f 1 -r 172.16.1.3:80 -m -w 1\n"));
}

const std::string in_web = "    scheduler: rr\n";  // where keys of the service go

std::string with(std::string text, const std::string& part, const std::string& by) {
  return text.replace(text.find(part), part.size(), by);
}

TEST_F(Lbd, SetsTimeoutsAndSloppyTcpAndWritesThemOnceOnly) {
  const std::string tuned =
      std::string(configuration) + "ipvs: {timeouts: {tcp: 77s, udp: 44s}, sloppy-tcp: true}\n";
  configure(tuned);
  start_and_wait_for_both();
  EXPECT_THAT(ipvsadm_.run("--list --timeout"), testing::HasSubstr(": 77 120 44")) << "tcpfin as it was";
  EXPECT_EQ(output_of({"sysctl", "-n", "net.ipv4.vs.sloppy_tcp"}, lb_), "1\n");

  NetlinkCapture capture{lb_};
  writes(capture);
  configure(with(tuned, "drain-limit: 20s", "drain-limit: 19s"));
  EXPECT_THAT(ask("POST", "/reload"), testing::HasSubstr("applied"));
  EXPECT_THAT(writes(capture), IsEmpty());
  configure(with(tuned, "udp: 44s", "tcpfin: 55s"));
  EXPECT_THAT(ask("POST", "/reload"), testing::HasSubstr("applied"));
  EXPECT_THAT(writes(capture), testing::SizeIs(1));
  EXPECT_THAT(ipvsadm_.run("--list --timeout"), testing::HasSubstr(": 77 55 44"));
}

TEST_F(Lbd, ARealServerAtItsThresholdGetsNoMoreConnections) {
  configure(with(configuration, in_web, in_web + "    thresholds: {upper: 1}\n"));
  start_and_wait_for_both();
  EXPECT_THAT(ipvsadm_.run("-Ln --thresholds"), testing::ContainsRegex("172.16.1.3:80 +1 +0"));
  auto one = open_connection(), two = open_connection();
  EXPECT_TRUE(answers(one));
  EXPECT_TRUE(answers(two));
  tcp::socket three(io_);
  EXPECT_TRUE(connect(three)) << "both are full";
}

TEST_F(Lbd, PersistenceAndSchedulerFlagsAreInTheTable) {
  configure(with(configuration, in_web,
                 "    scheduler: mh\n    scheduler-flags: [mh-port, mh-fallback]\n    persistence: 60s\n"));
  start();
  ASSERT_TRUE(run_until([&] { return changed("add destination 172.16.1.4:80"); })) << story();
  EXPECT_THAT(ipvsadm_.save(), testing::StartsWith("-A -f 1 -s mh -p 60 -b mh-fallback,mh-port\n"));
}

sockaddr_in udp_address(const char* address) {
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(80)};
  to.sin_addr.s_addr = htonl(Address::parse(address)->v4_number());
  return to;
}

/// Bound to port 80; recv() waits for 10 s at most.
lblab::sys::Fd udp_socket(const Netns& inside, const char* address) {
  auto socket = inside.within([] {
    return lblab::sys::Fd{
        lblab::sys::check("make a UDP socket", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  });
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const auto at = udp_address(address);
  lblab::sys::check("bind", ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  return socket;
}

/// Each datagram from one port goes to the next real server, where otherwise all would go to one.
TEST_F(Lbd, WithOnePacketSchedulingEachDatagramIsGivenToARealServerByItself) {
  auto text = with(configuration, in_web, in_web + "    protocol: udp\n    one-packet: true\n");
  configure(with(text, "{tcp: 80, interval: 1s, timeout: 1s, rise: 1, fall: 3}", "{none: true}"));
  lblab::sys::write_file(folder_ + "/web.json",
                         with(endpoints, R"({"port": 80})", R"({"port": 80, "protocol": "UDP"})"));
  start();
  ASSERT_TRUE(run_until([&] {
    return changed("add destination 172.16.1.3:80") && changed("add destination 172.16.1.4:80");
  })) << story();
  EXPECT_THAT(ipvsadm_.save(), testing::StartsWith("-A -f 1 -s rr -o\n"));
  const auto first = udp_socket(servers_, "172.16.1.3"), second = udp_socket(servers_, "172.16.1.4");
  const auto socket = udp_socket(client_, "192.0.2.10");
  const auto to = udp_address("10.1.1.77");
  for (int n = 0; n < 10; ++n)
    lblab::sys::check("send", static_cast<int>(::sendto(socket.get(), "x", 1, 0,
                                                        reinterpret_cast<const sockaddr*>(&to), sizeof to)));
  char byte;
  for (int n = 0; n < 5; ++n) {
    EXPECT_EQ(::recv(first.get(), &byte, 1, 0), 1) << n;
    EXPECT_EQ(::recv(second.get(), &byte, 1, 0), 1) << n;
  }
  // The way back is not remembered either.
  lblab::sys::check("send", static_cast<int>(::sendto(socket.get(), "x", 1, 0,
                                                      reinterpret_cast<const sockaddr*>(&to), sizeof to)));
  sockaddr_in peer{}, source{};
  socklen_t length = sizeof peer;
  ASSERT_EQ(::recvfrom(first.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &length), 1);
  lblab::sys::check(
      "answer", static_cast<int>(
                    ::sendto(first.get(), "y", 1, 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer)));
  length = sizeof source;
  const auto got = ::recvfrom(socket.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&source), &length);
  EXPECT_TRUE(got == 1) << "none";
  EXPECT_EQ(Address::v4(ntohl(source.sin_addr.s_addr)).str(), "10.1.1.77");
}

TEST_F(Lbd, TellsPrometheusOverTcpAndOverItsControlSocket) {
  configure(std::string("metrics: 127.0.0.1:9762\n") + configuration);
  start_and_wait_for_both();
  auto connection = open_connection();
  ASSERT_TRUE(answers(connection));
  const auto read = [&](std::vector<std::string> where) {
    where.insert(where.begin(), {"curl", "-sS", "--fail"});
    return output_of(where, lb_);
  };
  const auto text = read({"http://127.0.0.1:9762/metrics"});
  EXPECT_THAT(text, testing::HasSubstr("lbd_info{dataplane=\"ipvs\"} 1\n"));
  EXPECT_THAT(text, testing::HasSubstr("lbd_endpoint_up{service=\"web\",endpoint=\"172.16.1.3:80\"} 1\n"));
  EXPECT_THAT(text, testing::HasSubstr("next_hop=\"10.0.0.105\"} 1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("lbd_real_server_active_connections.* 1\n"));
  EXPECT_THAT(ask("GET", "/metrics"), testing::HasSubstr("lbd_info"));
  EXPECT_ANY_THROW(read({"-X", "POST", "http://127.0.0.1:9762/drain"})) << "only to be looked at";
}

TEST_F(Lbd, ASecondLbdDoesNotDisturbTheFirst) {
  start_and_wait_for_both();
  EXPECT_EQ(spawn({}, -1).wait().code(), 1);
  auto connection = open_connection();
  EXPECT_TRUE(answers(connection));
}

TEST_F(Lbd, CheckNamesEveryMistakeAndTouchesNothing) {
  EXPECT_EQ(spawn({"--check"}, -1).wait().code(), 0);
  lblab::sys::write_file(folder_ + "/lbd.yaml", "services: 3\n");
  EXPECT_EQ(spawn({"--check"}, -1).wait().code(), 2);
  EXPECT_THAT(ipvsadm_.save(), StrEq(""));
}

}  // namespace
}  // namespace lbcore
