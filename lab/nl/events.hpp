#pragma once

#include <functional>
#include <span>

#include "lab/nl/socket.hpp"

namespace lblab::nl {

/// Hears of changes in one network namespace (RTNLGRP_* of linux/rtnetlink.h) from the moment it is made. Its
/// descriptor is readable when there is something to read.
class EventSocket {
 public:
  enum class Read { drained, overrun };

  EventSocket(const sys::Netns& inside, std::span<const unsigned> groups);

  const sys::Fd& fd() const { return fd_; }
  /// Visits all that is there, without waiting. `overrun`: the kernel had to drop some (ENOBUFS) since the
  /// last read; whoever keeps state from these events reads the state anew. Messages that were not dropped
  /// are visited all the same.
  Read read(const std::function<void(const nlmsghdr&)>& visit);

 private:
  sys::Fd fd_;
};

}  // namespace lblab::nl
