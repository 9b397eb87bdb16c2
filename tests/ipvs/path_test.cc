#include "lbcore/ipvs/path.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "fixtures/addresses.hpp"
#include "fixtures/netlink_capture.hpp"
#include "fixtures/program.hpp"
#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lbcore/ipvs/client.hpp"

namespace lbcore::ipvs {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using namespace std::chrono_literals;
namespace nl = lblab::nl;
using lblab::fixtures::NetlinkCapture;
using lblab::fixtures::output_of;
using lblab::sys::check;
using lblab::sys::Fd;
using lblab::sys::Netns;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr milliseconds soon = 10s;  // longer than any answer takes under emulation

// ---- sockets of the client and the server, all in this one thread

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  Address address() const {
    if (storage.ss_family == AF_INET6) {
      const auto& a = reinterpret_cast<const sockaddr_in6&>(storage);
      return Address::from_bytes({a.sin6_addr.s6_addr, 16});
    }
    return Address::v4(ntohl(reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr));
  }
};

SocketAddress socket_address(const Address& address, std::uint16_t port) {
  SocketAddress s;
  s.storage.ss_family = static_cast<sa_family_t>(address.family());
  if (address.family() == AF_INET6) {
    auto& a = reinterpret_cast<sockaddr_in6&>(s.storage);
    a.sin6_port = htons(port);
    std::memcpy(&a.sin6_addr, address.bytes().data(), 16);
  } else {
    auto& a = reinterpret_cast<sockaddr_in&>(s.storage);
    a.sin_port = htons(port);
    std::memcpy(&a.sin_addr, address.bytes().data(), 4);
  }
  return s;
}

Fd tcp_socket(const Netns& inside, int family) {
  return inside.within([&] {
    return Fd{check("make a socket", ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
  });
}

Fd listen_at(const Netns& inside, const Address& address, std::uint16_t port) {
  Fd fd = tcp_socket(inside, address.family());
  auto to = socket_address(address, port);
  check("bind", ::bind(fd.get(), to.get(), to.length));
  check("listen", ::listen(fd.get(), 10));
  return fd;
}

/// Begun, not yet established.
Fd connect_to(const Netns& inside, const Address& address, std::uint16_t port) {
  Fd fd = tcp_socket(inside, address.family());
  auto to = socket_address(address, port);
  if (::connect(fd.get(), to.get(), to.length) < 0 && errno != EINPROGRESS) check("connect", -1);
  return fd;
}

bool ready(const Fd& fd, short events, milliseconds limit = soon) {
  pollfd p{fd.get(), events, 0};
  return check("poll", ::poll(&p, 1, static_cast<int>(limit.count()))) == 1;
}

int error_of(const Fd& fd) {
  int error = 0;
  socklen_t length = sizeof error;
  check("read a socket's error", ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length));
  return error;
}

bool passes(const Fd& from, const Fd& to) {
  char c = 'x';
  if (::send(from.get(), &c, 1, MSG_NOSIGNAL) != 1 || !ready(to, POLLIN)) return false;
  return ::recv(to.get(), &c, 1, 0) == 1 && c == 'x';
}

struct Accepted {
  Fd connection;
  Address peer;  // whom the server sees
};

Accepted accept_at(const Fd& listener) {
  if (!ready(listener, POLLIN)) throw std::runtime_error("no connection reached the server");
  SocketAddress from;
  Fd fd{check("accept", ::accept4(listener.get(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC))};
  return {std::move(fd), from.address()};
}

// ---- three namespaces

int link(nl::Socket& s, const std::string& name) { return nl::link_named(s, name).index; }

void raise(nl::Socket& s, const std::string& name) {
  nl::LinkSettings settings;
  settings.name = name;
  settings.up = true;
  s.request("raise " + name, nl::set_link(settings));
}

struct End {
  const Netns& ns;
  std::string name;
  Prefix address;
};

void connect(const End& a, const End& b) {
  nl::LinkSettings near, far;
  near.name = a.name;
  far.name = b.name;
  nl::Socket{a.ns}.request("add a veth pair", nl::add_veth(near, far, b.ns.fd().get()));
  for (const End* end : {&a, &b}) {
    nl::Socket s{end->ns};
    raise(s, end->name);
    s.request("set " + end->address.str(), nl::set_address({link(s, end->name), end->address}));
  }
}

void route(const Netns& in, const Prefix& destination, const Address& via) {
  nl::Socket s{in};
  nl::Route r;
  r.destination = destination;
  r.next_hops.emplace_back().via = via;
  s.request("route " + destination.str(), nl::add_route(r));
}

void set_sysctl(const Netns& in, const std::string& key, const std::string& value) {
  in.within([&] { std::ofstream("/proc/sys/" + key) << value << std::flush; });
}

struct Addresses {
  Prefix client_to_lb, lb_to_client, lb_to_server, server_to_lb, client_to_server, server_to_client;
  Prefix everywhere, range;
  Address service;  // one of the range
};

const Addresses ipv4{net("192.0.2.10/24"), net("192.0.2.1/24"),    net("172.16.1.2/24"),
                     net("172.16.1.3/24"), net("198.51.100.1/24"), net("198.51.100.2/24"),
                     net("0.0.0.0/0"),     net("10.1.1.0/24"),     ip("10.1.1.77")};
const Addresses ipv6{net("fd00:c::10/64"), net("fd00:c::1/64"), net("fd00:16::2/64"),
                     net("fd00:16::3/64"), net("fd00:d::1/64"), net("fd00:d::2/64"),
                     net("::/0"),          net("fd00:1::/64"),  ip("fd00:1::77")};

void PrintTo(const Addresses* a, std::ostream* out) { *out << a->service.str(); }

/// A client, a load balancer and a server. As in the papers' overlay, the server's way back to the client
/// does not pass the load balancer.
class Path : public testing::Test {
 protected:
  explicit Path(const Addresses& addresses = ipv4) : a(addresses) {
    for (const Netns* ns : {&client, &lb, &server}) {
      nl::Socket s{*ns};
      raise(s, "lo");
      set_sysctl(*ns, "net/ipv4/conf/all/rp_filter", "0");
      set_sysctl(*ns, "net/ipv4/conf/default/rp_filter", "0");
    }
    set_sysctl(lb, "net/ipv4/ip_forward", "0");
    set_sysctl(lb, "net/ipv6/conf/all/forwarding", "0");
    connect({client, "to-lb", a.client_to_lb}, {lb, "to-client", a.lb_to_client});
    connect({lb, "to-server", a.lb_to_server}, {server, "to-lb", a.server_to_lb});
    connect({client, "to-server", a.client_to_server}, {server, "to-client", a.server_to_client});
    route(client, a.range, a.lb_to_client.address);
    route(server, a.everywhere, a.client_to_server.address);
  }

  Range range(bool masquerade = true) const {
    Range r;
    r.addresses = a.range;
    r.port = 80;
    r.mark = 1;
    r.masquerade = masquerade;
    return r;
  }

  void prepare_lb(std::vector<Range> ranges) {
    lb.within([&] { prepare(ranges); });
  }

  void balance(ServiceKey key, std::uint16_t server_port = 80) {
    VirtualService service;
    service.key = key;
    service.scheduler = "rr";
    Destination real;
    real.address = a.server_to_lb.address;
    real.port = server_port;
    service.destinations = {real};
    ipvs.apply(reconcile({service}, ipvs.table()));
  }
  void balance_mark() { balance(ByMark{1, a.service.family() == AF_INET6}); }

  /// An established connection through the load balancer.
  struct Connection {
    Fd at_client, at_server;
    Address seen_by_server;
    bool works() const { return passes(at_client, at_server) && passes(at_server, at_client); }
  };
  Connection open() {
    Fd at_client = connect_to(client, a.service, 80);
    Accepted accepted = accept_at(listener);
    if (!ready(at_client, POLLOUT) || error_of(at_client))
      throw std::runtime_error("no answer reached the client");
    return {std::move(at_client), std::move(accepted.connection), accepted.peer};
  }

  /// IPVS's connections to the server, in any state.
  std::uint32_t connections() {
    const auto d = ipvs.counters().at(0).destinations.at(0);
    return d.active + d.inactive;
  }

  const Addresses a;
  Netns client = Netns::create(), lb = Netns::create(), server = Netns::create();
  Client ipvs = lb.within([] { return Client(); });
  Fd listener = listen_at(server, ip(a.service.family() == AF_INET6 ? "::" : "0.0.0.0"), 80);
};

class PathOfFamily : public Path, public testing::WithParamInterface<const Addresses*> {
 protected:
  PathOfFamily() : Path(*GetParam()) {}
};

TEST_P(PathOfFamily, WithMasqueradeTheServerSeesTheLoadBalancerAndTheClientItsAnswer) {
  prepare_lb({range()});
  balance_mark();
  const Connection c = open();
  EXPECT_EQ(c.seen_by_server.str(), a.lb_to_server.address.str());
  EXPECT_TRUE(c.works());
}

TEST_P(PathOfFamily, WithoutMasqueradeTheRequestReachesTheServerAndFails) {
  prepare_lb({range(false)});
  balance_mark();
  const Fd at_client = connect_to(client, a.service, 80);
  EXPECT_FALSE(ready(at_client, POLLOUT, 3s))
      << "the server's own address answered, which the client did not ask";
  EXPECT_EQ(connections(), 1u) << "IPVS passed the request on";
  prepare_lb({range(true)});
  EXPECT_TRUE(open().works()) << "the masquerade is all that was missing";
}

TEST_P(PathOfFamily, AServiceByAddressNeedsNoMark) {
  Range single = range();
  single.addresses = {a.service, a.service.bits()};
  single.mark = 0;
  prepare_lb({single});
  balance(ByAddress{a.service, 80});
  const Connection c = open();
  EXPECT_EQ(c.seen_by_server.str(), a.lb_to_server.address.str());
  EXPECT_TRUE(c.works());
}

TEST_P(PathOfFamily, AnotherPortOfTheRangeIsNotBalanced) {
  prepare_lb({range()});
  balance_mark();
  const Fd other = connect_to(client, a.service, 81);
  ASSERT_TRUE(ready(other, POLLOUT));
  EXPECT_EQ(error_of(other), ECONNREFUSED) << "the load balancer itself answers, and has no such port";
  EXPECT_EQ(connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Each, PathOfFamily, testing::Values(&ipv4, &ipv6),
                         [](const auto& info) { return std::string(info.param == &ipv4 ? "ipv4" : "ipv6"); });

/// Counts writes to the sysctls that prepare() may touch.
class SysctlWrites {
 public:
  explicit SysctlWrites(const Netns& in)
      : watch_(check("watch files", ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))) {
    in.within([&] {
      for (const char* key : {"ipv4/ip_forward", "ipv4/vs/conntrack", "ipv4/vs/conn_reuse_mode",
                              "ipv4/vs/expire_nodest_conn", "ipv6/conf/all/forwarding"})
        check(key,
              ::inotify_add_watch(watch_.get(), (std::string("/proc/sys/net/") + key).c_str(), IN_MODIFY));
    });
  }
  int take() {
    int events = 0;
    inotify_event event;
    while (::read(watch_.get(), &event, sizeof event) == static_cast<ssize_t>(sizeof event)) ++events;
    return events;
  }

 private:
  Fd watch_;
};

TEST_F(Path, ASecondPrepareOfTheSameRangesWritesNothing) {
  Range single = range();
  single.addresses = net("10.1.2.1/32");
  single.protocol = Protocol::udp;
  single.mark = 0x80000002;
  Range v6 = range();
  v6.addresses = ipv6.range;
  const std::vector<Range> all{range(), single, v6};
  NetlinkCapture capture{lb};
  SysctlWrites sysctls{lb};
  const auto netlink_writes = [&] {
    return std::ranges::count_if(capture.take(), lblab::fixtures::is_network_write);
  };

  prepare_lb(all);
  ASSERT_EQ(netlink_writes(), 1 + 3) << "the capture must see one nftables transaction and three routes";
  ASSERT_GE(sysctls.take(), 3) << "the watch must see forwarding of both families and conntrack switched on";
  prepare_lb(all);
  EXPECT_EQ(netlink_writes(), 0);
  EXPECT_EQ(sysctls.take(), 0);
}

TEST_F(Path, AConnectionSurvivesThatTheRangesArePreparedAgainAndChanged) {
  prepare_lb({range()});
  balance_mark();
  const Connection c = open();
  prepare_lb({range()});
  EXPECT_TRUE(c.works()) << "after an equal prepare";
  Range other = range();
  other.addresses = net("10.1.2.0/24");
  other.mark = 2;
  prepare_lb({range(), other});
  EXPECT_TRUE(c.works()) << "after another range was added";
  prepare_lb({range()});
  EXPECT_TRUE(c.works()) << "after it was taken away";
}

TEST_F(Path, PrepareServesExactlyTheRangesGiven) {
  prepare_lb({range()});
  Range other = range();
  other.addresses = net("10.1.2.0/24");
  prepare_lb({other});
  const auto routes = output_of({"ip", "route", "show", "table", "local", "type", "local"}, lb);
  EXPECT_THAT(routes, AllOf(HasSubstr("10.1.2.0/24 dev lo"), Not(HasSubstr("10.1.1.0/24"))));
  const auto ruleset = output_of({"nft", "list", "ruleset"}, lb);
  EXPECT_THAT(ruleset, AllOf(HasSubstr("10.1.2.0/24"), Not(HasSubstr("10.1.1.0/24"))));
}

TEST_F(Path, ClearTakesAwayItsOwnAndNothingElse) {
  output_of({"nft", "add", "table", "ip", "mine"}, lb);
  const auto routes = [&] { return output_of({"ip", "-4", "route", "show", "table", "all"}, lb); };
  const std::string before = routes();
  prepare_lb({range()});
  ASSERT_NE(routes(), before);
  lb.within([] { clear(); });
  EXPECT_EQ(routes(), before);
  EXPECT_EQ(output_of({"nft", "list", "ruleset"}, lb), "table ip mine {\n}\n");
  lb.within([] { clear(); });
  EXPECT_EQ(routes(), before) << "clear() may find nothing to clear";
}

/// The client's connection from a port of its choice, ended by a reset, so that nothing but the load balancer
/// remembers it.
Fd connect_from(const Netns& client, const Address& own, std::uint16_t own_port, const Address& service) {
  Fd fd = tcp_socket(client, own.family());
  const int on = 1;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  check("set SO_REUSEADDR", ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  check("set SO_LINGER", ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
  auto from = socket_address(own, own_port), to = socket_address(service, 80);
  check("bind", ::bind(fd.get(), from.get(), from.length));
  if (::connect(fd.get(), to.get(), to.length) < 0 && errno != EINPROGRESS) check("connect", -1);
  return fd;
}

TEST_F(Path, AClientPortUsedAgainAfterItsRealServerWentIsServed) {
  const Fd other_listener = listen_at(server, ip("0.0.0.0"), 8080);
  const auto connects = [&](milliseconds limit) {
    const Fd fd = connect_from(client, a.client_to_lb.address, 40000, a.service);
    return ready(fd, POLLOUT, limit) && error_of(fd) == 0;
  };
  const auto replace_the_server_between_two_connections = [&](milliseconds limit) {
    balance(ByMark{1}, 80);
    if (!connects(soon)) throw std::runtime_error("the first connection failed");
    balance(ByMark{1}, 8080);
    return connects(limit);
  };
  prepare_lb({range()});
  for (const char* key : {"net/ipv4/vs/conn_reuse_mode", "net/ipv4/vs/expire_nodest_conn"})
    set_sysctl(lb, key, "0");
  ASSERT_FALSE(replace_the_server_between_two_connections(3s)) << "this kernel needs neither setting";
  ipvs.apply(reconcile({}, ipvs.table()));
  prepare_lb({range()});
  EXPECT_TRUE(replace_the_server_between_two_connections(soon));
}

TEST_F(Path, CountersAreAsIpvsadmCountsThem) {
  prepare_lb({range()});
  balance_mark();
  const Connection c = open();
  ASSERT_TRUE(c.works());
  EXPECT_EQ(ipvs.counters().at(0).destinations.at(0).active, 1u);
  EXPECT_EQ(ipvs.counters().at(0).destinations.at(0).inactive, 0u);

  // The kernel sums packets up every two seconds and tells nobody. SYN, ACK, data and its answer's ACK went
  // in.
  Counters k;
  std::string listed;
  const auto agree = [&] {
    k = ipvs.counters().at(0).destinations.at(0).counters;
    listed = output_of({"ipvsadm", "-Ln", "--stats", "--exact"}, lb);
    std::istringstream line(listed.substr(listed.find("-> 172.16.1.3:80")));
    std::string arrow, server;
    Counters theirs;
    line >> arrow >> server >> theirs.connections >> theirs.packets_in >> theirs.packets_out >>
        theirs.bytes_in >> theirs.bytes_out;
    return k.packets_in >= 4 && k == theirs;
  };
  const auto deadline = std::chrono::steady_clock::now() + soon;
  while (!agree() && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 100);
  EXPECT_TRUE(agree()) << k.packets_in << " packets counted, and\n" << listed;
  EXPECT_EQ(k.connections, 1u);
}

}  // namespace
}  // namespace lbcore::ipvs
