#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>

#include "lab/sys/fd.hpp"
#include "lbcore/overlay/routes.hpp"

namespace lbcore::overlay {

/// Packets; what is not sent or delivered is dropped, as a network may.
struct Counters {
  std::uint64_t sent = 0, delivered = 0;
  std::uint64_t without_route = 0;  // from the device, to nobody's address
  std::uint64_t not_sent = 0;       // the kernel would not
  std::uint64_t from_strangers = 0, malformed = 0, not_delivered = 0;
};

/// Attaches to the TUN device, and makes it where it is missing. Reads and writes are IP packets, one a call.
lblab::sys::Fd open_device(const std::string& name);
/// Bound to the node's own address; longer packets than the path takes go in fragments (no path MTU
/// discovery: the device's MTU is what says how long a packet may be).
lblab::sys::Fd open_socket(const Settings&);

/// Carries packets between a TUN device and the other nodes, each in a UDP datagram of its own. One thread.
class Tunnel {
 public:
  Tunnel(boost::asio::any_io_executor, const Settings&, lblab::sys::Fd device, lblab::sys::Fd socket);
  ~Tunnel();

  /// From now on.
  void set_routes(Routes routes) { routes_ = std::move(routes); }
  const Counters& counters() const { return counters_; }

  /// Both run until the device is gone, which throws SystemError.
  boost::asio::awaitable<void> send();
  boost::asio::awaitable<void> deliver();

 private:
  struct Batch;
  void send_batch();
  void deliver_batch();

  boost::asio::posix::stream_descriptor device_, socket_;
  std::uint16_t port_;
  Routes routes_;
  Counters counters_;
  std::unique_ptr<Batch> outgoing_, incoming_;
};

}  // namespace lbcore::overlay
