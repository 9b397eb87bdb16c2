#include "lab/observe/monitor.hpp"

#include <boost/asio/io_context.hpp>

#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/nexthop.hpp"
#include "lab/nl/route.hpp"
#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

using observe::Event;
using namespace std::chrono_literals;

constexpr std::uint8_t bgp = 186;

class Monitoring : public KernelTest {
 protected:
  void watch() {
    watching_ = std::make_unique<observe::Monitor>(io_.get_executor(), "left", kernel_->netns("left"),
                                                   [this](const Event& e) { seen_.push_back(e); });
  }
  /// The first event, from the last one returned on, for which `holds`; fails after 5 s.
  Event next(const std::string& what, const std::function<bool(const Event&)>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    for (;;) {
      for (; at_ < seen_.size(); ++at_)
        if (holds(seen_[at_])) return seen_[at_++];
      if (std::chrono::steady_clock::now() >= deadline) break;
      io_.restart();
      io_.run_one_until(deadline);
    }
    ADD_FAILURE() << "no event: " << what << story();
    return {};
  }
  /// Handles what is there already.
  void drain() {
    io_.restart();
    io_.poll();
  }
  std::string story() const {
    std::ostringstream text;
    text << "\nseen:\n";
    for (const auto& event : seen_) observe::print(text, event);
    return text.str();
  }
  std::size_t count(const std::function<bool(const Event&)>& holds) const {
    return static_cast<std::size_t>(std::count_if(seen_.begin(), seen_.end(), holds));
  }

  boost::asio::io_context io_;
  std::vector<Event> seen_;
  std::size_t at_ = 0;
  std::unique_ptr<observe::Monitor> watching_;
};

bool is_service(const Event& e) { return e.route && e.route->destination == prefix("10.1.1.0/24"); }

std::set<std::string> gateways(const Event& e) {
  std::set<std::string> found;
  if (e.route)
    for (const auto& hop : e.route->next_hops)
      if (hop.via) found.insert(hop.via->str());
  return found;
}

auto service_via(std::set<std::string> wanted) {
  return [=](const Event& e) { return is_service(e) && !e.removed && gateways(e) == wanted; };
}

TEST_F(Monitoring, WhatIsThereIsToldAtOnce) {
  up(two_hosts());
  const auto has_carrier = [](const Event& e) { return e.link && e.link->name == "eth0" && e.link->carrier; };
  watch();
  next("the carrier", has_carrier);
  seen_.clear();
  watch();
  EXPECT_EQ(count([&](const Event& e) { return e.initial && has_carrier(e); }), 1u) << story();
  EXPECT_EQ(count([](const Event& e) {
              return e.initial && e.address && e.address->address == prefix("10.9.0.1/24");
            }),
            1u);
  EXPECT_EQ(count([](const Event& e) { return e.route && e.route->destination == prefix("10.9.0.0/24"); }),
            1u);
  EXPECT_EQ(count([](const Event& e) { return !e.initial; }), 0u);
}

TEST_F(Monitoring, ARouteIsToldWithItsGatewaysWhenItComesChangesAndGoes) {
  up(two_hosts());
  watch();
  // Written by ip(8): what is heard does not depend on who writes.
  ip("left", "route add 10.1.1.0/24 proto bgp nexthop via 10.9.0.5 nexthop via 10.9.0.6 weight 2");
  const auto come = next("the route", is_service);
  EXPECT_EQ(gateways(come), (std::set<std::string>{"10.9.0.5", "10.9.0.6"}));
  EXPECT_EQ(come.route->protocol, bgp);
  EXPECT_EQ(come.route->next_hops[0].link, "eth0");
  EXPECT_EQ(come.route->next_hops[1].weight, 2);
  EXPECT_EQ(come.host, "left");
  EXPECT_GT(come.clock, 0ns);
  ip("left", "route replace 10.1.1.0/24 proto bgp via 10.9.0.6");
  EXPECT_EQ(gateways(next("the change", is_service)), (std::set<std::string>{"10.9.0.6"}));
  ip("left", "route del 10.1.1.0/24");
  const auto gone = next("the end", is_service);
  EXPECT_TRUE(gone.removed);
  EXPECT_TRUE(gone.route->next_hops.empty());
}

TEST_F(Monitoring, AReplacedGroupIsAChangeOfTheRoutesThatUseIt) {
  up(two_hosts());
  watch();
  nl::Socket socket{kernel_->netns("left")};
  const int eth0 = nl::link_named(socket, "eth0").index;
  for (const auto& [id, via] : {std::pair{1u, "10.9.0.5"}, {2u, "10.9.0.6"}, {3u, "10.9.0.7"}})
    socket.request("add nexthop",
                   nl::add_nexthop({.id = id, .protocol = bgp, .via = address(via), .link = eth0}));
  socket.request("add group", nl::add_nexthop({.id = 10, .protocol = bgp, .members = {{1}, {2}}}));
  socket.request("add route",
                 nl::add_route({.destination = prefix("10.1.1.0/24"), .protocol = bgp, .nexthop_id = 10}));
  next("two ways", service_via({"10.9.0.5", "10.9.0.6"}));
  socket.request("replace group",
                 nl::replace_nexthop({.id = 10, .protocol = bgp, .members = {{1}, {2}, {3}}}));
  next("three ways", service_via({"10.9.0.5", "10.9.0.6", "10.9.0.7"}));
  // Without a word about the routes themselves, as kernels do whose nexthop_compat_mode is 0.
  fixtures::run_in(kernel_->netns("left"), {"/sbin/sysctl", "-qw", "net.ipv4.nexthop_compat_mode=0"});
  socket.request("replace group", nl::replace_nexthop({.id = 10, .protocol = bgp, .members = {{3}}}));
  next("one way", service_via({"10.9.0.7"}));
  socket.request("replace member",
                 nl::replace_nexthop({.id = 3, .protocol = bgp, .via = address("10.9.0.8"), .link = eth0}));
  next("another gateway under the same id", service_via({"10.9.0.8"}));
  socket.request("remove group", nl::delete_nexthop(10));
  next("gone with its group", [](const Event& e) { return is_service(e) && e.removed; });
}

TEST_F(Monitoring, ARouteThatGoesSilentlyWithItsLinkIsToldAllTheSame) {
  auto lab = two_hosts();
  lab.hosts["left"].routes = {
      {.destination = prefix("10.1.1.0/24"), .next_hops = {{.via = address("10.9.0.2")}}}};
  up(lab);
  watch();
  ip("left", "link set eth0 down");
  next("the link", [](const Event& e) { return e.link && e.link->name == "eth0" && !e.link->up; });
  next("the route", [](const Event& e) { return is_service(e) && e.removed; });
}

TEST_F(Monitoring, CarrierLostAtTheOtherEndIsToldOnce) {
  up(two_hosts());
  watch();
  next("carrier", [](const Event& e) { return e.link && e.link->name == "eth0" && e.link->carrier; });
  ip("right", "link set eth0 down");
  next("carrier lost",
       [](const Event& e) { return e.link && e.link->name == "eth0" && e.link->up && !e.link->carrier; });
  ip("right", "link set eth0 up");
  next("carrier back", [](const Event& e) { return e.link && e.link->name == "eth0" && e.link->carrier; });
}

TEST_F(Monitoring, AddressesAndNeighboursAreTold) {
  up(two_hosts());
  watch();
  ip("left", "addr add 10.9.7.7/24 dev eth0");
  next("address", [](const Event& e) {
    return e.address && e.address->link == "eth0" && e.address->address == prefix("10.9.7.7/24");
  });
  ip("left", "neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev eth0");
  const auto neighbour = next("neighbour", [](const Event& e) {
    return e.neighbour && e.neighbour->address == address("10.9.0.77");
  });
  EXPECT_EQ(neighbour.neighbour->mac, "02:00:00:00:00:77");
  EXPECT_EQ(neighbour.neighbour->state, observe::NeighbourState::State::permanent);
  ip("left", "neigh del 10.9.0.77 dev eth0");
  next("neighbour gone", [](const Event& e) {
    return e.neighbour && e.removed && e.neighbour->address == address("10.9.0.77");
  });
  ip("left", "addr del 10.9.7.7/24 dev eth0");
  next("address gone", [](const Event& e) { return e.address && e.removed; });
}

TEST_F(Monitoring, WhatWasLostInAFloodIsReadAgainAndSaidToBe) {
  up(two_hosts());
  watch();
  nl::Socket socket{kernel_->netns("left")};
  // Far more than any receive buffer holds, while nobody reads; the last word counts.
  const nl::Route route{
      .destination = prefix("10.1.1.0/24"), .protocol = bgp, .next_hops = {{address("10.9.0.5")}}};
  for (int i = 0; i < 20'000; ++i) {
    socket.queue(nl::add_route(route));
    socket.queue(nl::delete_route(route));
  }
  socket.queue(nl::add_route(
      {.destination = prefix("10.1.1.0/24"), .protocol = bgp, .next_hops = {{address("10.9.0.9")}}}));
  EXPECT_TRUE(socket.flush().empty());
  next("a gap", [](const Event& e) { return e.gap; });
  next("what is there after it", service_via({"10.9.0.9"}));
}

TEST_F(Monitoring, NothingIsToldAfterItsEnd) {
  up(two_hosts());
  watch();
  const auto before = seen_.size();
  ip("left", "addr add 10.9.7.7/24 dev eth0");
  watching_.reset();
  drain();
  EXPECT_EQ(seen_.size(), before);
}

TEST_F(Monitoring, ALineOfJsonSaysWhatAPersonWouldAsk) {
  Event event;
  event.clock = 1500ms;
  event.wall = 1'700'000'000s;
  event.host = "router";
  event.route = {.destination = prefix("10.1.1.0/24"),
                 .protocol = bgp,
                 .next_hops = {{address("10.0.0.105"), "eth1"}, {address("10.0.0.106"), "eth1"}}};
  std::ostringstream line;
  observe::print(line, event);
  const auto json = nlohmann::json::parse(line.str());
  EXPECT_EQ(json["t"], 1.5);
  EXPECT_EQ(json["event"], "route");
  EXPECT_EQ(json["host"], "router");
  EXPECT_EQ(json["destination"], "10.1.1.0/24");
  EXPECT_EQ(json["via"], nlohmann::json::parse(R"(["10.0.0.105", "10.0.0.106"])"));
  EXPECT_EQ(json["protocol"], "bgp");
  EXPECT_EQ(line.str().back(), '\n');
}

}  // namespace
}  // namespace lblab
