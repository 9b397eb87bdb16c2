#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "lab/probe/clock.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::probe {

/// Waits for descriptors, for times on CLOCK_MONOTONIC, and for SIGTERM or SIGINT, which it blocks. One a
/// process, for the thread that made it.
class Loop {
 public:
  Loop();

  /// events: EPOLLIN, … Edge-triggered where EPOLLET says so. token: comes back as data.u64. A descriptor
  /// leaves by being closed.
  void watch(const sys::Fd&, std::uint32_t events, std::uint64_t token);
  /// Returns at `until` at the latest. What it returns holds until the next call.
  std::span<const epoll_event> wait(nanoseconds until);
  /// Has a signal asked for the end?
  bool is_ending() const { return ending_; }

 private:
  sys::Fd epoll_, signals_;
  std::array<epoll_event, 64> events_{};
  bool ending_ = false;
};

/// What a probe does, told by whom it is driven.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  virtual ~Probe() = default;

  /// Does what is due, and nothing new unless `sending`. Returns when something is due next.
  virtual nanoseconds act(nanoseconds now, bool sending) = 0;
  virtual void take(const epoll_event&) = 0;
  /// Is an answer still to come?
  virtual bool is_outstanding() const { return false; }
};

/// Until a signal asks for the end, and then for as long as answers are outstanding, but no longer than
/// `linger`. running: called when it has acted for the first time.
void drive(Loop&, Probe&, nanoseconds linger, const std::function<void()>& running);

}  // namespace lblab::probe
