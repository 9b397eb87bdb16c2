#pragma once

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fixtures/program.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"
#include "lbcore/xdp/balancer.hpp"
#include "lbcore/xdp/peer.hpp"

namespace lblab {

/// A client, a router, and on the router's bridge a load balancer in a veth and two servers that have the
/// service's address; connections are sockets of this thread. As with any direct return, answers do not pass
/// the load balancer.
class XdpTraffic : public testing::Test {
 protected:
  using Bytes = std::vector<char>;

  XdpTraffic() {
    for (const auto* ns : {&client, &router, &lb, &servers[0], &servers[1]}) ip(*ns, "link set lo up");
    ip(router, "link add lan type bridge");
    ip(router, "link set lan up");
    addresses(router, "lan", "172.16.1.1/24", "fd00:16:1::1/64");
    forward(router);
    attach_host(client, "to-client", "");
    addresses(router, "to-client", "192.0.2.1/24", "2001:db8::1/64");
    addresses(client, "eth0", "192.0.2.10/24", "2001:db8::10/64");
    default_routes(client, "192.0.2.1", "2001:db8::1");
    attach_host(lb, "to-lb", "lan");
    addresses(lb, "eth0", "172.16.1.2/24", "fd00:16:1::2/64");
    default_routes(lb, "172.16.1.1", "fd00:16:1::1");
    for (int i = 0; i < 2; ++i) {
      const auto n = std::to_string(3 + i);
      attach_host(servers[i], "to-" + n, "lan");
      addresses(servers[i], "eth0", "172.16.1." + n + "/24", "fd00:16:1::" + n + "/64");
      addresses(servers[i], "lo", "10.1.1.7/32", "fd00:1::7/128");
      default_routes(servers[i], "172.16.1.1", "fd00:16:1::1");
    }
    ip(router, "route add 10.1.1.0/24 via 172.16.1.2");
    ip(router, "-6 route add fd00:1::/64 via fd00:16:1::2");
    router.within([] { lbcore::xdp::ready_peer("to-lb"); });
    balancer = lb.within([] {
      return std::make_unique<lbcore::xdp::Balancer>(lbcore::xdp::Settings{.interface = "eth0",
                                                                           .source4 = address("172.16.1.2"),
                                                                           .source6 = address("fd00:16:1::2"),
                                                                           .modulus = 251});
    });
  }

  static sys::Address address(const std::string& text) { return sys::Address::parse(text).value(); }
  static void ip(const sys::Netns& in, const std::string& words) {
    std::vector<std::string> argv{"ip"};
    for (std::size_t at = 0; at < words.size();) {
      const auto end = std::min(words.find(' ', at), words.size());
      argv.push_back(words.substr(at, end - at));
      at = end + 1;
    }
    fixtures::output_of(argv, in);
  }

  /// Both families' service over both servers.
  void serve(lbcore::Forwarding forwarding) {
    const auto service = [&](const std::string& addresses, const std::string& network) {
      lbcore::xdp::Service s{{lbcore::Prefix::parse(addresses).value(), 80}, {}};
      for (const auto* n : {"3", "4"})
        s.servers.push_back({.address = address(network + n), .forwarding = forwarding});
      return s;
    };
    balancer->set_services({service("10.1.1.0/24", "172.16.1."), service("fd00:1::/64", "fd00:16:1::")});
  }

  struct Connection {
    sys::Fd client, server;
    int at = 0;  // the number of the server
    std::string peer;
  };

  sys::Fd listen(const sys::Netns& in, const std::string& at) {
    auto fd = socket(in, address(at).family());
    const auto to = socket_address(address(at), 80);
    sys::check("bind", ::bind(fd.get(), to.get(), to.length));
    sys::check("listen", ::listen(fd.get(), 64));
    return fd;
  }
  Connection connect(const std::string& to, const std::vector<sys::Fd>& listeners) {
    Connection c{.client = socket(client, address(to).family())};
    const auto where = socket_address(address(to), 80);
    if (::connect(c.client.get(), where.get(), where.length) < 0 && errno != EINPROGRESS)
      sys::check("connect", -1);
    std::vector<pollfd> ready;
    for (const auto& l : listeners) ready.push_back({l.get(), POLLIN, 0});
    if (sys::check("poll", ::poll(ready.data(), ready.size(), soon_ms)) == 0)
      throw std::runtime_error("no connection arrived; " + story());
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      if (!(ready[i].revents & POLLIN)) continue;
      SocketAddress from;
      c.server = sys::Fd{sys::check(
          "accept", ::accept4(listeners[i].get(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC))};
      c.at = static_cast<int>(i);
      c.peer = from.address().str();
    }
    return c;
  }
  /// Sends `bytes` from the one end to the other and gives what arrived.
  Bytes pass(const sys::Fd& from, const sys::Fd& to, const Bytes& bytes) {
    Bytes got;
    for (std::size_t sent = 0; got.size() < bytes.size();) {
      pollfd ready[] = {{to.get(), POLLIN, 0},
                        {from.get(), static_cast<short>(sent < bytes.size() ? POLLOUT : 0), 0}};
      if (sys::check("poll", ::poll(ready, 2, soon_ms)) == 0)
        throw std::runtime_error("stuck after " + std::to_string(got.size()) + " bytes; " + story());
      if (ready[1].revents & POLLOUT)
        sent += static_cast<std::size_t>(sys::check(
            "send",
            static_cast<int>(::send(from.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL))));
      if (!(ready[0].revents & POLLIN)) continue;
      char buffer[65536];
      const auto n = sys::check("receive", static_cast<int>(::recv(to.get(), buffer, sizeof buffer, 0)));
      if (n == 0) break;
      got.insert(got.end(), buffer, buffer + n);
    }
    return got;
  }
  static Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    return bytes;
  }
  std::string story() const {
    const auto e = balancer->events();
    std::string text = "the load balancer: chosen " + std::to_string(e.chosen) + ", no neighbour " +
                       std::to_string(e.no_neighbour) + ", too big " + std::to_string(e.too_big) +
                       ", unreachable " + std::to_string(e.unreachable);
    for (const auto& s : balancer->counters())
      text += "; " + s.name.str() + ": " + std::to_string(s.total().packets);
    return text;
  }

  /// 40 connections of which each server gets some, each sees its client, and 100 KB pass both ways.
  void expect_served(const std::string& service, const std::string& client_address) {
    const auto bytes = pattern(100'000);
    std::vector<sys::Fd> listeners;
    for (const auto& server : servers) listeners.push_back(listen(server, service));
    std::map<int, int> got;
    std::vector<Connection> open;
    for (int i = 0; i < 40; ++i) {
      auto& c = open.emplace_back(connect(service, listeners));
      ++got[c.at];
      ASSERT_EQ(c.peer, client_address);
    }
    EXPECT_GE(got[0], 5);
    EXPECT_GE(got[1], 5);
    for (const auto* c : {&open.front(), &open.back()}) {
      ASSERT_EQ(pass(c->client, c->server, bytes), bytes) << "an upload";
      ASSERT_EQ(pass(c->server, c->client, bytes), bytes) << "an answer";
    }
  }

  sys::Netns client = sys::Netns::create(), router = sys::Netns::create(), lb = sys::Netns::create();
  sys::Netns servers[2] = {sys::Netns::create(), sys::Netns::create()};
  std::unique_ptr<lbcore::xdp::Balancer> balancer;

 private:
  static constexpr int soon_ms = 20'000;  // longer than anything takes under emulation

  struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);
    sockaddr* get() const { return const_cast<sockaddr*>(reinterpret_cast<const sockaddr*>(&storage)); }
    sys::Address address() const {
      if (storage.ss_family == AF_INET6)
        return sys::Address::from_bytes(
            {reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr.s6_addr, 16});
      return sys::Address::v4(ntohl(reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr));
    }
  };
  static SocketAddress socket_address(const sys::Address& address, std::uint16_t port) {
    SocketAddress s;
    s.storage.ss_family = static_cast<sa_family_t>(address.family());
    const auto bytes = address.bytes();
    if (address.family() == AF_INET6) {
      auto& a = reinterpret_cast<sockaddr_in6&>(s.storage);
      a.sin6_port = htons(port);
      std::memcpy(&a.sin6_addr, bytes.data(), bytes.size());
    } else {
      auto& a = reinterpret_cast<sockaddr_in&>(s.storage);
      a.sin_port = htons(port);
      std::memcpy(&a.sin_addr, bytes.data(), bytes.size());
    }
    return s;
  }
  static sys::Fd socket(const sys::Netns& in, int family) {
    return in.within([&] {
      return sys::Fd{
          sys::check("make a socket", ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
    });
  }

  void attach_host(const sys::Netns& host, const std::string& port, const std::string& bridge) {
    ip(router, "link add " + port + " type veth peer name far");
    const auto handle = std::to_string(host.fd().get());
    ip(router, "link set far netns /proc/" + std::to_string(::getpid()) + "/fd/" + handle);
    ip(host, "link set far name eth0 up");
    if (!bridge.empty()) ip(router, "link set " + port + " master " + bridge);
    ip(router, "link set " + port + " up");
  }
  static void addresses(const sys::Netns& in, const std::string& link, const std::string& v4,
                        const std::string& v6) {
    ip(in, "addr add " + v4 + " dev " + link);
    ip(in, "addr add " + v6 + " dev " + link + " nodad");
  }
  static void default_routes(const sys::Netns& in, const std::string& v4, const std::string& v6) {
    ip(in, "route add default via " + v4);
    ip(in, "-6 route add default via " + v6);
  }
  static void forward(const sys::Netns& in) {
    for (const auto* key : {"net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"})
      fixtures::output_of({"sysctl", "-w", key}, in);
  }
};

}  // namespace lblab
