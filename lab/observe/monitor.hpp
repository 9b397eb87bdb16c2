#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "lab/observe/event.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::observe {

/// Watches one network namespace: links, addresses, routes, nexthops, neighbours. Once the constructor has
/// returned no change goes unseen; where the kernel had to drop notifications there is a gap event, and then
/// whatever had become different. The namespace need not be held by anyone else, and is held by this.
class Monitor {
 public:
  using Callback = std::function<void(const Event&)>;
  /// What is there already is told at once, from the constructor, as initial events; the rest from the
  /// executor's thread.
  Monitor(boost::asio::any_io_executor executor, std::string host, const sys::Netns&, Callback callback);
  /// No callback after this.
  ~Monitor();
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lblab::observe
