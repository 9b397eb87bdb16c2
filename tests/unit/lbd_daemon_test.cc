#include "lbcore/daemon/daemon.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/daemon/control.hpp"

namespace lbcore::daemon {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using nlohmann::ordered_json;
using std::chrono::steady_clock;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// What the routers, the kernel and lbd's log see, in one order.
using Story = std::vector<std::string>;

/// A table in memory that does what the kernel would.
class FakeDataplane : public Dataplane {
 public:
  explicit FakeDataplane(Story& story) : story_(story) {}

  Table kernel;
  std::uint32_t active = 0;    // connections of every destination
  int failures = 0;            // so many calls of apply() fail
  std::optional<Table> asked;  // it checks real servers itself: the table is the test's business
  std::function<void(Changed)> changed = {};

  int whole_reads = 0;  // of all services

  Table table() override {
    ++whole_reads;
    return kernel;
  }

  std::optional<Table> part(std::span<const ServiceKey> keys) override {
    Table some;
    for (const auto& service : kernel)
      if (std::ranges::find(keys, service.key) != keys.end()) some.push_back(service);
    return some;
  }

  std::vector<ipvs::ServiceCounters> counters() override {
    std::vector<ipvs::ServiceCounters> all;
    for (const auto& service : kernel) {
      ipvs::ServiceCounters counters{service.key, {}, {}};
      for (const auto& d : service.destinations)
        counters.destinations.push_back({d.address, d.port, {}, active, 7, 0});
      all.push_back(counters);
    }
    return all;
  }

  void follow(std::function<void(Changed)> by) override { changed = std::move(by); }

  void apply(const Table& desired, std::span<const ipvs::Change> changes) override {
    if (asked) {
      story_.push_back("asked");
      asked = desired;
      return;
    }
    if (failures > 0) {
      --failures;
      throw lblab::sys::SystemError("add destination", ENOMEM);
    }
    for (const auto& change : changes) {
      story_.push_back(ipvs::describe(change));
      std::visit([this](const auto& c) { carry_out(c); }, change);
    }
  }

  void prepare(std::span<const Range> ranges) override {
    story_.push_back("prepare " + std::to_string(ranges.size()));
  }
  void clear() override { story_.push_back("clear"); }

 private:
  VirtualService& at(const ServiceKey& key) { return *std::ranges::find(kernel, key, &VirtualService::key); }
  Destination& at(VirtualService& service, const Address& address, std::uint16_t port) {
    return *std::ranges::find_if(service.destinations,
                                 [&](const auto& d) { return d.address == address && d.port == port; });
  }

  void carry_out(const ipvs::AddService& c) {
    kernel.push_back(c.service);
    std::ranges::sort(kernel, {}, &VirtualService::key);
  }
  void carry_out(const ipvs::EditService& c) {
    auto destinations = std::move(at(c.service.key).destinations);
    at(c.service.key) = c.service;
    at(c.service.key).destinations = std::move(destinations);
  }
  void carry_out(const ipvs::RemoveService& c) {
    std::erase_if(kernel, [&](const auto& s) { return s.key == c.service; });
  }
  void carry_out(const ipvs::AddDestination& c) {
    auto& destinations = at(c.service).destinations;
    destinations.push_back(c.destination);
    std::ranges::sort(destinations);
  }
  void carry_out(const ipvs::EditDestination& c) {
    at(at(c.service), c.destination.address, c.destination.port) = c.destination;
  }
  void carry_out(const ipvs::RemoveDestination& c) {
    std::erase_if(at(c.service).destinations,
                  [&](const auto& d) { return d.address == c.address && d.port == c.port; });
  }

  Story& story_;
};

/// lbd-announce and exabgp: everything is done at once, unless told to be slow.
class FakeHelper {
 public:
  FakeHelper(asio::any_io_executor executor, const std::string& path, Story& story)
      : socket_(executor), story_(story) {
    socket_.connect({path});
    asio::co_spawn(executor, run(), asio::detached);
  }

  bool answers = true;

  void tell(const announce::FromHelper& message) {
    asio::write(socket_, asio::buffer(announce::encode(message)));
  }

 private:
  asio::awaitable<void> run() {
    for (std::string buffer;;) {
      const auto n =
          co_await asio::async_read_until(socket_, asio::dynamic_buffer(buffer), '\n', asio::use_awaitable);
      const auto set = announce::decode_set({buffer.data(), n - 1});
      buffer.erase(0, n);
      const announce::Acknowledged done{set->id, minus(set->routes, held_), minus(held_, set->routes), {}};
      for (const auto& route : done.announced) story_.push_back("announce " + route.prefix.str());
      for (const auto& route : done.withdrawn)
        if (std::ranges::find(set->routes, route.prefix, &Route::prefix) == set->routes.end())
          story_.push_back("withdraw " + route.prefix.str());
      held_ = set->routes;
      if (answers) tell(done);
    }
  }

  static std::vector<Route> minus(const std::vector<Route>& a, const std::vector<Route>& b) {
    std::vector<Route> rest;
    std::ranges::set_difference(a, b, std::back_inserter(rest));
    return rest;
  }

  asio::local::stream_protocol::socket socket_;
  Story& story_;
  std::vector<Route> held_;
};

const char* const web_1 = "172.16.1.3";
const char* const web_2 = "172.16.2.4";

class LbdDaemon : public testing::Test {
 protected:
  LbdDaemon() {
    std::string pattern = fs::temp_directory_path() / "lbd-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    settings_ = one_service();
    reread_.settings = settings_;
  }
  ~LbdDaemon() override { fs::remove_all(folder_); }

  Settings one_service() {
    const auto [settings, mistakes] = parse("control: " + folder_ + "/control.sock\n" +
                                            "announce: {socket: " + folder_ + "/announce.sock}\n" +
                                            "drain-limit: 10s\nsettle: 10ms\n"
                                            "services:\n"
                                            "- name: web\n"
                                            "  addresses: 10.1.1.0/24\n"
                                            "  port: 80\n"
                                            "  mark: 1\n"
                                            "  endpoints: " +
                                            folder_ + "/web.yaml\n" +
                                            "  health: {none: true}\n"
                                            "  announce: {route: 10.1.1.0/24, next-hop: 10.0.0.105}\n");
    EXPECT_THAT(mistakes, IsEmpty());
    return settings;
  }

  void endpoints(const std::string& lines) {
    lblab::sys::write_file(
        folder_ + "/web.yaml",
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nendpoints:\n" + lines);
  }

  void start() {
    daemon_.emplace(
        io_.get_executor(), settings_, [this] { return reread_; }, kernel_,
        [this](const ordered_json& event) {
          events_.push_back(event.dump());
          if (event["event"] == "decommission") story_.push_back(event["step"]);
        });
    asio::co_spawn(io_, daemon_->run(), [this](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
      ended_ = true;
    });
    ASSERT_TRUE(run_until([&] { return said("\"ready\""); }));
  }

  void connect_helper() {
    helper_.emplace(io_.get_executor(), folder_ + "/announce.sock", story_);
    ASSERT_TRUE(run_until([&] { return said("\"connected\""); }));
  }

  bool said(const std::string& part) const {
    return std::ranges::any_of(events_,
                               [&](const auto& event) { return event.find(part) != std::string::npos; });
  }

  bool told(const std::string& line) const { return std::ranges::find(story_, line) != story_.end(); }

  /// False: it did not come to pass within the deadline.
  bool run_until(const std::function<bool()>& condition, steady_clock::duration within = 10s) {
    const auto deadline = steady_clock::now() + within;
    while (!condition() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    return condition();
  }

  /// Everything that is ready to run has run.
  void run_ready() { io_.poll(); }

  Destination destination(const char* address, std::int32_t weight = 1) {
    return {*Address::parse(address), 80, weight, Forwarding::nat};
  }

  /// The kernel as an lbd with these settings left it.
  void kernel_has(std::vector<Destination> destinations) {
    kernel_.kernel = {VirtualService{ByMark{1, false}, "lc", 0, 0, 0xffffffff, std::move(destinations)}};
  }

  std::string folder_;
  Settings settings_;
  Daemon::Reread reread_;
  Story story_;
  std::vector<std::string> events_;
  FakeDataplane kernel_{story_};
  asio::io_context io_;
  std::optional<FakeHelper> helper_;
  std::optional<Daemon> daemon_;
  bool ended_ = false;
};

TEST_F(LbdDaemon, BringsUpTableThenRoute) {
  endpoints("- {addresses: [172.16.1.3]}\n- {addresses: [172.16.2.4], conditions: {terminating: true}}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  EXPECT_THAT(story_, ElementsAre("prepare 1", HasSubstr("add service fwmark 1"), HasSubstr("172.16.1.3:80"),
                                  HasSubstr("172.16.2.4:80"), "announce 10.1.1.0/24"));
  EXPECT_THAT(kernel_.kernel[0].destinations, ElementsAre(destination(web_1), destination(web_2, 0)));
  EXPECT_TRUE(run_until([&] {
    return said(R"({"event":"announce","route":"10.1.1.0/24","next-hop":"10.0.0.105","state":"announced"})");
  }));
}

TEST_F(LbdDaemon, ADataplaneThatChecksSaysWhatIsAnnounced) {
  settings_.dataplane = DataplaneKind::keepalived;
  settings_.services[0].health = {HealthCheck::Kind::tcp, 80, "/", 1h, 1h, 1, 3};
  kernel_.asked.emplace();
  endpoints("- {addresses: [172.16.1.3]}\n- {addresses: [172.16.2.4]}\n");
  start();
  connect_helper();
  EXPECT_THAT(kernel_.asked->at(0).destinations, ElementsAre(destination(web_1), destination(web_2)))
      << "all of them: who is healthy is not ours to say";
  EXPECT_EQ(daemon_->state()["services"][0]["endpoints"][0]["health"], "down");
  EXPECT_FALSE(told("announce 10.1.1.0/24"));

  kernel_has({destination(web_1)});
  kernel_.changed(dataplane::Dataplane::Changed::table);
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  EXPECT_TRUE(said("add destination 172.16.1.3:80")) << "told when it is there";
  EXPECT_EQ(daemon_->state()["services"][0]["endpoints"][0]["health"], "up");
  EXPECT_EQ(daemon_->state()["services"][0]["endpoints"][1]["health"], "down");
  EXPECT_THAT(daemon_->metrics(), HasSubstr("lbd_endpoint_up{service=\"web\",endpoint=\"172.16.2.4:80\"} 0"));

  kernel_has({});
  kernel_.changed(dataplane::Dataplane::Changed::table);
  ASSERT_TRUE(run_until([&] { return told("withdraw 10.1.1.0/24"); }));
  EXPECT_THAT(story_, ElementsAre("prepare 1", "asked", "announce 10.1.1.0/24", "withdraw 10.1.1.0/24"))
      << "asked again only when something else is wanted";
}

TEST_F(LbdDaemon, FollowsItsEndpoints) {
  start();
  EXPECT_TRUE(said(R"("state":"missing")"));
  endpoints("- {addresses: [172.16.1.3]}\n");
  ASSERT_TRUE(run_until([&] { return kernel_.kernel[0].destinations.size() == 1; }));
  endpoints("- {addresses: [172.16.2.4]}\n");
  ASSERT_TRUE(run_until([&] { return kernel_.kernel[0].destinations == std::vector{destination(web_2)}; }));
  fs::remove_all(folder_ + "/web.yaml");
  ASSERT_TRUE(run_until([&] {
    return std::ranges::count_if(events_, [](auto& e) { return e.find("missing") != e.npos; }) == 2;
  }));
  run_ready();
  EXPECT_EQ(kernel_.kernel[0].destinations.size(), 1u) << "the last good state stays";
}

TEST_F(LbdDaemon, AChangeOfOneServiceReadsAndTouchesThatServiceAlone) {
  auto other = settings_.services[0];
  other.name = "other";
  other.mark = 2;
  other.addresses = *Prefix::parse("10.1.2.0/24");
  other.announce.reset();
  other.endpoints = folder_ + "/other.yaml";
  settings_.services.push_back(other);
  endpoints("- {addresses: [172.16.1.3]}\n");
  fs::copy_file(folder_ + "/web.yaml", folder_ + "/other.yaml");
  start();
  ASSERT_EQ(kernel_.kernel.size(), 2u);
  kernel_.kernel[1].destinations.clear();  // by somebody else; nothing makes lbd look there
  const int reads = kernel_.whole_reads;
  story_.clear();
  endpoints("- {addresses: [172.16.1.3]}\n- {addresses: [172.16.2.4]}\n");
  ASSERT_TRUE(run_until([&] { return !story_.empty(); }));
  run_ready();
  EXPECT_THAT(story_, ElementsAre(HasSubstr("add destination 172.16.2.4:80 to service fwmark 1")));
  EXPECT_EQ(kernel_.whole_reads, reads);
}

TEST_F(LbdDaemon, AMalformedFileKeepsTheLastGoodStateAndIsNamed) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  endpoints("- {addresses: [web-1]}\n");
  ASSERT_TRUE(run_until([&] { return said("malformed"); }));
  run_ready();
  EXPECT_TRUE(said("/web.yaml:5:16: address is not an IP address"));
  EXPECT_THAT(kernel_.kernel[0].destinations, ElementsAre(destination(web_1)));
}

TEST_F(LbdDaemon, WithdrawsBeforeTheLastServerGoesAndAnnouncesAfterOneIsBack) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  kernel_.failures = 1;
  endpoints("  []\n");
  ASSERT_TRUE(run_until([&] { return told("withdraw 10.1.1.0/24"); }));
  EXPECT_EQ(kernel_.kernel[0].destinations.size(), 1u)
      << "that the kernel would not remove it did not hold up the withdrawal";
  ASSERT_TRUE(run_until([&] { return kernel_.kernel[0].destinations.empty(); }));
  story_.clear();
  kernel_.failures = 1;
  endpoints("- {addresses: [172.16.2.4]}\n");
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  EXPECT_THAT(story_, ElementsAre(HasSubstr("172.16.2.4:80"), "announce 10.1.1.0/24"))
      << "not before it could be added";
}

TEST_F(LbdDaemon, AdoptsWhatTheKernelHasWithoutAWrite) {
  endpoints("- {addresses: [172.16.1.3]}\n- {addresses: [172.16.2.4]}\n");
  kernel_has({destination(web_1), destination(web_2)});
  settings_.services[0].health = {HealthCheck::Kind::tcp, 80, "/", 1h, 1h, 3, 3};
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }))
      << "its real servers are believed to be up";
  EXPECT_THAT(story_, ElementsAre("prepare 1", "announce 10.1.1.0/24"));
}

TEST_F(LbdDaemon, AdoptedServersLeaveOnlyWhenTheirOwnChecksHaveFailed) {
  endpoints("- {addresses: [127.0.0.1]}\n");
  const auto free_port = [&] {
    return tcp::acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)).local_endpoint().port();
  }();
  kernel_has({destination("127.0.0.1")});
  settings_.services[0].health = {HealthCheck::Kind::tcp, free_port, "/", 50ms, 50ms, 1, 3};
  const auto begin = steady_clock::now();
  start();
  ASSERT_TRUE(run_until([&] { return kernel_.kernel[0].destinations.empty(); }));
  EXPECT_GE(steady_clock::now() - begin, 50ms)
      << "three checks: the second follows within an interval, the third an interval later";
  EXPECT_TRUE(said(
      R"({"event":"health","service":"web","destination":"127.0.0.1:80","state":"down","reason":"Connection refused"})"));
}

TEST_F(LbdDaemon, ANewServerComesInWhenItsChecksPass) {
  tcp::acceptor listener(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  endpoints("- {addresses: [127.0.0.1]}\n");
  settings_.services[0].health = {
      HealthCheck::Kind::tcp, listener.local_endpoint().port(), "/", 20ms, 20ms, 2, 3};
  start();
  EXPECT_THAT(kernel_.kernel[0].destinations, IsEmpty());
  ASSERT_TRUE(run_until([&] { return !kernel_.kernel[0].destinations.empty(); }));
  EXPECT_TRUE(said(R"({"event":"health","service":"web","destination":"127.0.0.1:80","state":"up"})"));
}

TEST_F(LbdDaemon, WithoutItsFileTheKernelsServersAreTheEndpoints) {
  kernel_has({destination(web_1), destination(web_2, 0)});
  start();
  EXPECT_THAT(story_, ElementsAre("prepare 1"));
  endpoints("- {addresses: [172.16.2.4]}\n");
  ASSERT_TRUE(run_until([&] { return kernel_.kernel[0].destinations == std::vector{destination(web_2)}; }));
}

TEST_F(LbdDaemon, AnEqualConfigurationWritesNothing) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  story_.clear();
  std::vector<std::string> mistakes;
  EXPECT_EQ(daemon_->reload(mistakes), Daemon::Reloaded::unchanged);
  run_ready();
  EXPECT_THAT(story_, IsEmpty());
}

TEST_F(LbdDaemon, ABrokenConfigurationIsRefusedAndTheOldOneStays) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  story_.clear();
  reread_ = {std::nullopt, {"lbd.yaml:3:1: unknown key"}};
  std::vector<std::string> mistakes;
  EXPECT_EQ(daemon_->reload(mistakes), Daemon::Reloaded::refused);
  EXPECT_THAT(mistakes, ElementsAre("lbd.yaml:3:1: unknown key"));
  EXPECT_TRUE(said(R"({"event":"config","state":"refused","mistakes":["lbd.yaml:3:1: unknown key"]})"));
  reread_ = {settings_, {}};
  reread_.settings->control += "2";
  EXPECT_EQ(daemon_->reload(mistakes), Daemon::Reloaded::refused) << "a socket in use cannot be another one";
  run_ready();
  EXPECT_THAT(story_, IsEmpty());
  endpoints("- {addresses: [172.16.2.4]}\n");
  EXPECT_TRUE(run_until([&] { return kernel_.kernel[0].destinations == std::vector{destination(web_2)}; }))
      << "and works";
}

TEST_F(LbdDaemon, AChangedConfigurationTouchesWhatChanged) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  story_.clear();
  reread_.settings->services[0].scheduler = "rr";
  reread_.settings->services[0].announce->next_hop = *Address::parse("10.0.0.106");
  std::vector<std::string> mistakes;
  EXPECT_EQ(daemon_->reload(mistakes), Daemon::Reloaded::applied);
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  EXPECT_THAT(story_, ElementsAre("prepare 1", HasSubstr("edit service fwmark 1"), "announce 10.1.1.0/24"))
      << "a new next hop needs no withdrawal";
  reread_.settings->services.clear();
  story_.clear();
  EXPECT_EQ(daemon_->reload(mistakes), Daemon::Reloaded::applied);
  ASSERT_TRUE(run_until([&] { return told("withdraw 10.1.1.0/24"); }));
  EXPECT_THAT(kernel_.kernel, IsEmpty());
}

TEST_F(LbdDaemon, TerminateWithdrawsThenTakesWeightThenWaitsThenRemoves) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  story_.clear();
  kernel_.active = 1;
  daemon_->terminate();
  ASSERT_TRUE(run_until([&] { return told("draining"); }));
  EXPECT_FALSE(run_until([&] { return ended_; }, 200ms)) << "a connection is open";
  kernel_.active = 0;
  ASSERT_TRUE(run_until([&] { return ended_; }));
  EXPECT_THAT(story_, ElementsAre("withdrawing", "withdraw 10.1.1.0/24", "withdrawn", "draining",
                                  HasSubstr("weight 0"), "drained", HasSubstr("remove service fwmark 1"),
                                  "clear", "removed"));
}

TEST_F(LbdDaemon, ConnectionsAreWaitedForUpToTheLimit) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  settings_.drain_limit = 200ms;
  start();
  kernel_.active = 1;
  const auto begin = steady_clock::now();
  daemon_->terminate();
  ASSERT_TRUE(run_until([&] { return ended_; }));
  EXPECT_GE(steady_clock::now() - begin, 200ms);
  EXPECT_THAT(story_, Contains("limit"));
  EXPECT_THAT(kernel_.kernel, IsEmpty());
}

TEST_F(LbdDaemon, ASecondTerminateStopsTheWaiting) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  settings_.drain_limit = 1h;
  start();
  kernel_.active = 1;
  daemon_->terminate();
  ASSERT_TRUE(run_until([&] { return told("draining"); }));
  daemon_->terminate();
  EXPECT_TRUE(run_until([&] { return ended_; }));
}

TEST_F(LbdDaemon, AHelperThatHangsDoesNotKeepLbdFromEnding) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  settings_.drain_limit = 200ms;
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  helper_->answers = false;
  daemon_->terminate();
  EXPECT_TRUE(run_until([&] { return ended_; }));
}

TEST_F(LbdDaemon, HandoverLeavesEverything) {
  endpoints("- {addresses: [172.16.1.3]}\n");
  start();
  connect_helper();
  ASSERT_TRUE(run_until([&] { return told("announce 10.1.1.0/24"); }));
  story_.clear();
  daemon_->handover();
  ASSERT_TRUE(run_until([&] { return ended_; }));
  EXPECT_THAT(story_, IsEmpty());
  EXPECT_EQ(kernel_.kernel.size(), 1u);
}

TEST_F(LbdDaemon, WhatTheKernelRefusesIsToldAndTriedAgain) {
  start();
  kernel_.failures = 1;
  endpoints("- {addresses: [172.16.1.3]}\n");
  ASSERT_TRUE(run_until([&] { return said("Cannot allocate memory"); }));
  EXPECT_TRUE(run_until([&] { return kernel_.kernel[0].destinations.size() == 1; }));
}

TEST_F(LbdDaemon, SessionsAreTold) {
  start();
  connect_helper();
  helper_->tell(announce::Session{"10.0.0.109", true});
  EXPECT_TRUE(run_until([&] { return said(R"({"event":"session","peer":"10.0.0.109","state":"up"})"); }));
}

TEST_F(LbdDaemon, AnswersOnItsControlSocket) {
  endpoints("- {addresses: [172.16.1.3]}\n- {addresses: [172.16.2.4]}\n");
  start();
  lblab::http::Server server(io_.get_executor());
  serve_control(server, *daemon_);
  server.listen(settings_.control);
  const auto ask = [&](const char* method, const char* target) {
    std::optional<lblab::http::Response> answer;
    asio::co_spawn(io_, lblab::http::fetch({settings_.control}, {method, target, ""}, 5s),
                   [&](std::exception_ptr failure, lblab::http::Response response) {
                     if (failure) std::rethrow_exception(failure);
                     answer = std::move(response);
                   });
    EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
    return answer.value_or(lblab::http::Response{0, ""});
  };

  const auto state = ordered_json::parse(ask("GET", "/state").body);
  EXPECT_EQ(state["state"], "serving");
  EXPECT_EQ(state["services"][0]["name"], "web");
  EXPECT_EQ(state["services"][0]["endpoints"][1]["health"], "up");
  EXPECT_EQ(state["services"][0]["destinations"][0]["address"], "172.16.1.3");
  EXPECT_EQ(state["services"][0]["destinations"][0]["inactive"], 7);
  EXPECT_EQ(state["announce"]["routes"][0]["route"], "10.1.1.0/24");
  EXPECT_EQ(state["announce"]["helper"], "gone");

  EXPECT_EQ(ask("POST", "/drain?service=other").status, 404);
  EXPECT_EQ(ask("POST", "/drain?service=web").status, 200);
  EXPECT_THAT(kernel_.kernel[0].destinations, ElementsAre(destination(web_1, 0), destination(web_2, 0)));
  EXPECT_EQ(ordered_json::parse(ask("GET", "/state").body)["announce"]["routes"].size(), 0u);
  EXPECT_EQ(ask("POST", "/undrain").status, 200);
  EXPECT_THAT(kernel_.kernel[0].destinations, ElementsAre(destination(web_1), destination(web_2)));

  EXPECT_EQ(ask("POST", "/reload").body, R"({"state":"unchanged"})");
  reread_ = {std::nullopt, {"wrong"}};
  EXPECT_EQ(ask("POST", "/reload").status, 400);
  EXPECT_EQ(ask("POST", "/handover").status, 200);
  EXPECT_TRUE(run_until([&] { return ended_; }));
}

}  // namespace
}  // namespace lbcore::daemon
