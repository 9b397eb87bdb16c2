#include "lbcore/overlay/tunnel.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/use_awaitable.hpp>

#include "lab/sys/error.hpp"
#include "lbcore/overlay/packet.hpp"

namespace lbcore::overlay {

namespace asio = boost::asio;
using lblab::sys::check;
using lblab::sys::Fd;
using lblab::sys::SystemError;

namespace {

constexpr std::size_t longest_packet = 65'535;  // RFC 791, 3.1

sockaddr_in socket_address(std::uint32_t address, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_addr.s_addr = htonl(address);
  made.sin_port = htons(port);
  return made;
}

}  // namespace

Fd open_device(const std::string& name) {
  Fd device = lblab::sys::open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  check("attach to TUN device " + name, ::ioctl(device.get(), TUNSETIFF, &request));
  return device;
}

Fd open_socket(const Settings& settings) {
  const auto what = "listen to " + settings.listen.str() + ":" + std::to_string(settings.port);
  Fd socket{check(what, ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  const int fragment = IP_PMTUDISC_DONT;
  check(what, ::setsockopt(socket.get(), IPPROTO_IP, IP_MTU_DISCOVER, &fragment, sizeof fragment));
  const auto own = socket_address(settings.listen.v4_number(), settings.port);
  check(what, ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own));
  return socket;
}

/// Room for as many packets as are handled before others have their turn.
struct Tunnel::Batch {
  static constexpr std::size_t most = 32;
  std::array<std::array<std::uint8_t, longest_packet>, most> bytes;
  std::array<iovec, most> places;
  std::array<sockaddr_in, most> nodes;
  std::array<mmsghdr, most> messages;

  std::span<std::uint8_t> operator[](std::size_t n) { return bytes[n]; }

  /// To be sent to a node, or received from one.
  void describe(std::size_t n, std::size_t length, const sockaddr_in& node = {}) {
    nodes[n] = node;
    places[n] = {bytes[n].data(), length};
    messages[n] = {};
    messages[n].msg_hdr.msg_name = &nodes[n];
    messages[n].msg_hdr.msg_namelen = sizeof nodes[n];
    messages[n].msg_hdr.msg_iov = &places[n];
    messages[n].msg_hdr.msg_iovlen = 1;
  }
};

Tunnel::Tunnel(asio::any_io_executor executor, const Settings& settings, Fd device, Fd socket)
    : device_(executor, device.release()),
      socket_(executor, socket.release()),
      port_(settings.port),
      routes_(settings),
      outgoing_(std::make_unique<Batch>()),
      incoming_(std::make_unique<Batch>()) {}

Tunnel::~Tunnel() = default;

asio::awaitable<void> Tunnel::send() {
  for (;;) {
    co_await device_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    send_batch();
  }
}

asio::awaitable<void> Tunnel::deliver() {
  for (;;) {
    co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    deliver_batch();
  }
}

void Tunnel::send_batch() {
  auto& batch = *outgoing_;
  unsigned count = 0;
  while (count < Batch::most) {
    const auto room = batch[count];
    const ssize_t n = ::read(device_.native_handle(), room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) throw SystemError{"read from the TUN device"};
    const auto packet = ipv4_packet(room.first(static_cast<std::size_t>(n)));
    const auto node = packet ? routes_.node_of(packet->destination) : std::nullopt;
    if (node)
      batch.describe(count++, packet->bytes.size(), socket_address(*node, port_));
    else
      ++counters_.without_route;
  }
  for (unsigned at = 0; at < count;) {
    const int n = ::sendmmsg(socket_.native_handle(), &batch.messages[at], count - at, 0);
    if (n > 0) counters_.sent += static_cast<unsigned>(n);
    if (n > 0) at += static_cast<unsigned>(n);
    if (n < 0 && errno != EINTR) ++counters_.not_sent, ++at;
  }
}

void Tunnel::deliver_batch() {
  auto& batch = *incoming_;
  for (std::size_t n = 0; n < Batch::most; ++n) batch.describe(n, longest_packet);
  const int count =
      ::recvmmsg(socket_.native_handle(), batch.messages.data(), Batch::most, MSG_DONTWAIT, nullptr);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  check("receive from other nodes", count);
  for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
    const auto packet = ipv4_packet(batch[n].first(batch.messages[n].msg_len));
    if (!routes_.is_peer(ntohl(batch.nodes[n].sin_addr.s_addr)))
      ++counters_.from_strangers;
    else if (!packet)
      ++counters_.malformed;
    else if (::write(device_.native_handle(), packet->bytes.data(), packet->bytes.size()) < 0)
      ++counters_.not_delivered;
    else
      ++counters_.delivered;
  }
}

}  // namespace lbcore::overlay
