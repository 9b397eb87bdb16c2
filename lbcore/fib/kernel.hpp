#pragma once

#include <string>
#include <vector>

#include "lab/nl/events.hpp"
#include "lab/nl/socket.hpp"
#include "lbcore/fib/reconcile.hpp"

namespace lbcore::fib {

/// What the kernel refused.
struct Refusal {
  Change change;
  std::string reason;
};

/// The routes and nexthop objects of the network namespace that the thread is in when this is made.
class Kernel {
 public:
  Kernel();

  Actual read();
  /// Carries the changes out, in order. If the kernel refuses a next hop, what follows the next hops is not
  /// tried; if it refuses a group or a route, no nexthop object is removed, since a route that could not be
  /// moved would go with its old group. What is to be removed and is gone already is no refusal.
  std::vector<Refusal> apply(const std::vector<Change>&);
  /// Readable when links, addresses, routes or nexthop objects have changed, by us or by others, or a
  /// resilient group has moved a bucket.
  const lblab::sys::Fd& events() const { return events_.fd(); }
  /// Whether there was more than moved buckets, which change no route.
  bool drain_events();

 private:
  std::vector<Refusal> flush(const std::vector<Change>&);

  nl::EventSocket events_;
  nl::Socket socket_;
};

}  // namespace lbcore::fib
