#include "lab/nl/events.hpp"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "lab/sys/error.hpp"

namespace lblab::nl {

namespace {

constexpr int event_buffer_bytes = 4 << 20;

sys::Fd open_socket(std::span<const unsigned> groups) {
  sys::Fd fd{sys::check("open a netlink event socket",
                        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE))};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &event_buffer_bytes, sizeof event_buffer_bytes);
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  sys::check("bind a netlink event socket",
             ::bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self));
  for (const unsigned group : groups)
    sys::check("hear netlink events",
               ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group));
  return fd;
}

}  // namespace

EventSocket::EventSocket(const sys::Netns& inside, std::span<const unsigned> groups)
    : fd_(inside.within([&] { return open_socket(groups); })) {}

EventSocket::Read EventSocket::read(const std::function<void(const nlmsghdr&)>& visit) {
  alignas(nlmsghdr) char buffer[64 * 1024];
  Read outcome = Read::drained;
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return outcome;
    if (n < 0 && errno == ENOBUFS) {
      outcome = Read::overrun;
      continue;
    }
    sys::check("read netlink events", static_cast<int>(n));
    int left = static_cast<int>(n);
    for (auto* head = reinterpret_cast<nlmsghdr*>(buffer); mnl_nlmsg_ok(head, left);
         head = mnl_nlmsg_next(head, &left))
      visit(*head);
  }
}

}  // namespace lblab::nl
