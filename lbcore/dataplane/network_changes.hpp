#pragma once

#include <linux/netlink.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>

#include "lab/nl/events.hpp"

namespace lbcore::dataplane {

/// Tells when links, neighbours, routes, rules or nexthop objects change in the network namespace that the
/// thread is in when this is made. Not to be destroyed while its executor runs.
class NetworkChanges {
 public:
  /// Calls `changed` on the executor once for all that has happened since, if `matters` holds for one of it
  /// (RTM_*) or some of it was lost. `changed` does not throw.
  NetworkChanges(boost::asio::any_io_executor, std::function<bool(const nlmsghdr&)> matters,
                 std::function<void()> changed);
  NetworkChanges(const NetworkChanges&) = delete;

 private:
  void wait();
  void read();

  std::function<bool(const nlmsghdr&)> matters_;
  std::function<void()> changed_;
  lblab::nl::EventSocket events_;
  boost::asio::posix::stream_descriptor readable_;
};

}  // namespace lbcore::dataplane
