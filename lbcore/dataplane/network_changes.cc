#include "lbcore/dataplane/network_changes.hpp"

#include <linux/rtnetlink.h>

#include <array>

#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

namespace lbcore::dataplane {

namespace {

/// IPv4 routes that go with their link are not told of; the link is.
constexpr std::array<unsigned, 7> groups{RTNLGRP_LINK,       RTNLGRP_NEIGH,     RTNLGRP_IPV4_ROUTE,
                                         RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
                                         RTNLGRP_NEXTHOP};

}  // namespace

NetworkChanges::NetworkChanges(boost::asio::any_io_executor executor,
                               std::function<bool(const nlmsghdr&)> matters, std::function<void()> changed)
    : matters_(std::move(matters)),
      changed_(std::move(changed)),
      events_(lblab::sys::Netns::current(), groups),
      readable_(executor, lblab::sys::duplicate(events_.fd()).release()) {
  wait();
}

void NetworkChanges::wait() {
  readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](boost::system::error_code error) {
                         if (!error) read();
                       });
}

void NetworkChanges::read() {
  bool matter = false;
  const auto outcome = events_.read([&](const nlmsghdr& told) { matter = matter || matters_(told); });
  if (matter || outcome == lblab::nl::EventSocket::Read::overrun) changed_();
  wait();
}

}  // namespace lbcore::dataplane
