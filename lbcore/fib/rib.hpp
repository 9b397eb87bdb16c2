#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "lab/sys/address.hpp"

namespace lbcore::fib {

using lblab::sys::Address;
using lblab::sys::Prefix;

using Clock = std::chrono::steady_clock;
using NextHops = std::set<Address>;
/// The BGP next hops of each prefix; none is empty.
using Desired = std::map<Prefix, NextHops>;

/// What gobgpd announces, and what it or the kernel had before and has not been heard of since. A next hop
/// that was lost with gobgpd stays stale until it is announced again, the new table is complete, or its time
/// is over; until then it is desired like the others. So a gobgpd that comes back empty takes no good route
/// away. A stale next hop keeps its time however often gobgpd comes and goes.
class Rib {
 public:
  explicit Rib(Clock::duration stale_time) : stale_time_(stale_time) {}

  /// Found in the kernel: stale from now on, where it is not announced.
  void adopt(const Prefix&, const NextHops&, Clock::time_point now);
  /// The prefix's whole new set; empty: it has been withdrawn.
  void update(const Prefix&, const NextHops&);
  /// gobgpd is gone: all it announced is stale from now on.
  void lose(Clock::time_point now);
  /// gobgpd's table is complete again: what is still stale is no more.
  void complete() { stale_.clear(); }
  /// Drops what has been stale for the stale time.
  void expire(Clock::time_point now);

  bool has_stale() const { return !stale_.empty(); }
  /// When expire() has something to do next.
  std::optional<Clock::time_point> next_expiry() const;
  Desired desired() const;

 private:
  Clock::duration stale_time_;
  Desired announced_;
  std::map<Prefix, std::map<Address, Clock::time_point>> stale_;  // until when; no inner map is empty
};

}  // namespace lbcore::fib
