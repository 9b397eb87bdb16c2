#include "lab/observe/monitor.hpp"

#include <linux/rtnetlink.h>
#include <time.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "lab/nl/events.hpp"
#include "lab/observe/picture.hpp"

namespace lblab::observe {

namespace {

constexpr std::array<unsigned, 7> groups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                         RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEXTHOP,
                                         RTNLGRP_NEIGH};

std::chrono::nanoseconds now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

struct Monitor::Impl : std::enable_shared_from_this<Impl> {
  std::string host;
  Callback callback;
  bool initial = true, over = false;
  nl::EventSocket events;
  nl::Socket asking;
  Picture picture;
  boost::asio::posix::stream_descriptor readable;

  Impl(boost::asio::any_io_executor executor, std::string name, const sys::Netns& netns, Callback f)
      : host(std::move(name)),
        callback(std::move(f)),
        events(netns, groups),
        asking(netns),
        picture([this](Event event) { tell(std::move(event)); }),
        readable(executor, sys::duplicate(events.fd()).release()) {
    picture.take_everything(asking);
    initial = false;
  }

  void tell(Event event) {
    event.clock = now(CLOCK_MONOTONIC);
    event.wall = now(CLOCK_REALTIME);
    event.host = host;
    event.initial = initial;
    if (!over) callback(event);
  }

  void read() {
    const auto outcome = events.read([this](const nlmsghdr& head) { picture.take(head); });
    const bool overrun = outcome == nl::EventSocket::Read::overrun;
    if (overrun) {
      Event gap;
      gap.gap = true;
      tell(std::move(gap));
    }
    if (overrun || picture.is_doubtful()) picture.take_everything(asking);
  }

  void wait() {
    readable.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this()](const boost::system::error_code& error) {
                          const auto self = weak.lock();
                          if (!self || error) return;
                          self->read();
                          self->wait();
                        });
  }
};

Monitor::Monitor(boost::asio::any_io_executor executor, std::string host, const sys::Netns& netns,
                 Callback callback)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(host), netns, std::move(callback))) {
  impl_->wait();
}

Monitor::~Monitor() {
  // The callback may be what destroys us.
  if (impl_) impl_->over = true;
}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;

}  // namespace lblab::observe
